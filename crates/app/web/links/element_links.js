// Crowd links of elements made ordinary: attributes, lists of images, inline styles, `style` text, a few `meta`. Used by
// the renderer on a parsed page and by boot on live nodes. What only the worker sees, such as CSS files, is not here.

import { mentionsCrowd } from "./crowd_links.js";
import { rewriteCss } from "./css_links.js";
import { replaceScript } from "./live_script.js";
import { rewriteMetaContent } from "./meta_links.js";
import { rewriteSrcset } from "./srcset.js";

/** @typedef {import("./crowd_links.js").Links} Links */

/** Attributes that are one URL: the gateway's list. */
const URL_ATTRIBUTES = [
  "href",
  "src",
  "action",
  "formaction",
  "poster",
  "data",
  "cite",
  "background",
  "xlink:href",
  "manifest",
];
/** Attributes that are a list of images. */
const LIST_ATTRIBUTES = ["srcset", "imagesrcset"];
/** What a MutationObserver has to watch, `data-src` for the alternatives. */
export const LINK_ATTRIBUTES = [...URL_ATTRIBUTES, ...LIST_ATTRIBUTES, "style", "content", "data-src"];
/** Elements that may have anything to rewrite. */
const TOUCHED = LINK_ATTRIBUTES.map((name) => `[${name.replace(":", "\\:")}]`).join() + ",style,template";
/** Characters of a `style` element that are read; a longer one stays as it is. */
const MAX_STYLE = 262_144;

/** Elements whose address leads somewhere or frames it. Plugins too: what they load passes by the worker. */
const LEADING = ["a", "area", "base", "form", "iframe", "frame", "embed", "object"];
/** What a `link` may be for the browser to load it. */
const LOADED_RELS = [
  "stylesheet",
  "icon",
  "apple-touch-icon",
  "apple-touch-icon-precomposed",
  "mask-icon",
  "preload",
  "modulepreload",
  "prefetch",
  "manifest",
];

/**
 * Rewrites `root` and all below it, the content of templates included.
 * @param {ParentNode & Node} root
 * @param {Links} links
 */
export function rewriteTree(root, links) {
  if (root instanceof Element) rewriteElement(root, links);
  for (const element of root.querySelectorAll(TOUCHED)) rewriteElement(element, links);
}

/**
 * Rewrites one element, not what is below it. A live script that could not run is replaced by one that does.
 * @param {Element} element
 * @param {Links} links
 */
export function rewriteElement(element, links) {
  if (element instanceof HTMLTemplateElement) rewriteTree(element.content, links);
  if (element.localName === "style") rewriteStyle(element, links);
  if (element.localName === "meta") rewriteMeta(element, links);
  const load = (/** @type {string} */ url) => links.load(url);
  for (const name of LIST_ATTRIBUTES) edit(element, name, (list) => rewriteSrcset(list, load));
  edit(element, "style", (css) => rewriteCss(css, load));
  // Last, since a script may be replaced.
  for (const name of URL_ATTRIBUTES) {
    edit(element, name, (url) => (isLoaded(element, name) ? links.load(url) : links.navigate(url)));
  }
}

/**
 * The attribute by which an element says what it shows or leads to.
 * @param {Element} element
 */
export function primaryAttribute(element) {
  const tag = element.localName;
  if (["a", "area", "link", "image", "use"].includes(tag)) return "href";
  if (tag === "form") return "action";
  return tag === "object" ? "data" : "src";
}

/**
 * Gives an element's attribute another URL, so that what it shows is tried anew even where the first failed. Answers
 * the element that now stands there.
 * @param {Element} element
 * @param {string} name
 * @param {string} url
 * @returns {Element}
 */
export function setAddress(element, name, url) {
  const live = element.isConnected && element.ownerDocument.defaultView !== null;
  if (live && element.localName === "script") return replaceScript(element, name, url);
  element.setAttribute(name, url);
  const media = element.parentElement;
  // A source that failed is not looked at again by itself.
  if (live && element instanceof HTMLSourceElement && media instanceof HTMLMediaElement) {
    if (media.readyState === HTMLMediaElement.HAVE_NOTHING) media.load();
  }
  return element;
}

/**
 * True where an attribute's address is loaded into the page, rather than led to or framed.
 * @param {Element} element
 * @param {string} attribute
 */
export function isLoaded(element, attribute) {
  if (["action", "formaction", "cite"].includes(attribute)) return false;
  if (LEADING.includes(element.localName)) return attribute === "background";
  if (element.localName !== "link") return true;
  const rels = (element.getAttribute("rel") ?? "").toLowerCase().split(/\s+/);
  return rels.some((rel) => LOADED_RELS.includes(rel));
}

/**
 * Puts what `change` makes of an attribute in its place; nothing where it makes none.
 * @param {Element} element
 * @param {string} name
 * @param {(value: string) => string | null} change
 */
function edit(element, name, change) {
  const value = element.getAttribute(name);
  if (!value || !mentionsCrowd(value)) return;
  const changed = change(value);
  if (changed !== null) setAddress(element, name, changed);
}

/**
 * @param {Element} style
 * @param {Links} links
 */
function rewriteStyle(style, links) {
  const css = style.textContent ?? "";
  if (css.length > MAX_STYLE || !mentionsCrowd(css)) return;
  const changed = rewriteCss(css, (url) => links.load(url));
  if (changed !== null) style.textContent = changed;
}

/**
 * @param {Element} meta
 * @param {Links} links
 */
function rewriteMeta(meta, links) {
  const names = [meta.getAttribute("property"), meta.getAttribute("name")];
  const httpEquiv = meta.getAttribute("http-equiv");
  edit(meta, "content", (content) => rewriteMetaContent(content, { httpEquiv, names }, links));
}
