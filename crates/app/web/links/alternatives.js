// `data-src`: other places of what an element shows, tried in order where its own address can't be had, at once or later.
// Used by the renderer and by boot, whichever comes first. A `data-src` without crowd addresses is somebody else's.

import { mentionsCrowd } from "./crowd_links.js";
import { isLoaded, primaryAttribute, setAddress } from "./element_links.js";

/** @typedef {import("./crowd_links.js").Links} Links */

/** Places of one element that are tried. */
const MAX_PLACES = 16;
/** Marks a document that is watched: renderer and boot are two scripts, and one of them is enough. */
const WATCHED = Symbol.for("crowd.alternatives");

/** The alternatives of a document's elements. */
export class Alternatives {
  /** @param {Links} links */
  constructor(links) {
    this.links = links;
    /** What was tried of an element, as it stood there. @type {WeakMap<Element, Set<string>>} */
    this.tried = new WeakMap();
  }

  /**
   * Follows what fails in `document` from now on, and tries anew what has failed already.
   * @param {Document} document
   */
  watch(document) {
    if (WATCHED in document) return;
    Object.defineProperty(document, WATCHED, { value: true });
    document.addEventListener("error", (event) => this.#onError(event), {
      capture: true,
    });
    for (const element of document.querySelectorAll("[data-src]")) {
      if (hasFailed(element)) this.tryNext(element);
    }
  }

  /**
   * Gives each element at and below `root` that has no address of its own the first of its places.
   * @param {ParentNode & Node} root
   */
  place(root) {
    const elements = [...root.querySelectorAll("[data-src]")];
    if (root instanceof Element) elements.push(root);
    for (const element of elements) {
      if (!element.hasAttribute(primaryAttribute(element))) this.tryNext(element);
    }
  }

  /**
   * Puts the next place that was not tried yet into the element. False where there is none.
   * @param {Element} element
   */
  tryNext(element) {
    const list = element.getAttribute("data-src");
    if (!list || !mentionsCrowd(list)) return false;
    const name = primaryAttribute(element);
    const tried = this.tried.get(element) ?? new Set();
    tried.add(element.getAttribute(name) ?? "");
    for (const place of list.split(",", MAX_PLACES)) {
      const url = isLoaded(element, name) ? this.links.load(place) : this.links.navigate(place);
      if (url === null || tried.has(url)) continue;
      forgetCandidates(element);
      this.tried.set(setAddress(element, name, url), tried);
      return true;
    }
    return false;
  }

  /** @param {Event} event */
  #onError(event) {
    if (!(event.target instanceof Element) || !event.isTrusted) return;
    // A failure that leads to another try is not the page's business yet.
    if (this.tryNext(event.target)) event.stopImmediatePropagation();
  }
}

/**
 * True where the browser has tried the element's address in vain, as far as it tells.
 * @param {Element} element
 */
function hasFailed(element) {
  if (element instanceof HTMLImageElement)
    return element.src !== "" && element.complete && element.naturalWidth === 0;
  if (element instanceof HTMLMediaElement) return element.error !== null;
  const address = element.getAttribute(primaryAttribute(element));
  if (!address || !URL.canParse(address, element.baseURI)) return false;
  const [entry] = performance.getEntriesByName(new URL(address, element.baseURI).href, "resource");
  return entry instanceof PerformanceResourceTiming && entry.responseStatus >= 400;
}

/**
 * An image takes a candidate of its lists before its `src`.
 * @param {Element} element
 */
function forgetCandidates(element) {
  if (!(element instanceof HTMLImageElement)) return;
  element.removeAttribute("srcset");
  const picture = element.parentElement;
  if (!(picture instanceof HTMLPictureElement)) return;
  for (const source of picture.querySelectorAll("source")) source.removeAttribute("srcset");
}
