// Shows a page that has crowd links: the worker's shell carries it, the browser's own parser reads it, its links become
// ordinary, and it is written in the shell's place. Pages without such links never come here.

import { Alternatives } from "./links/alternatives.js";
import { Links } from "./links/crowd_links.js";
import { rewriteTree } from "./links/element_links.js";
import { SetAside } from "./links/noscript.js";
import { pageText } from "./links/page_text.js";

function showPage() {
  const { html, links: options } = JSON.parse(document.getElementById("crowd-page")?.textContent ?? "{}");
  const { page, aside } = parsePage(html);
  const links = new Links({ ...options, controlled: true });
  const alternatives = new Alternatives(links);
  rewriteTree(page, links);
  alternatives.place(page);
  document.open();
  // Opening takes all listeners away, so it comes after.
  alternatives.watch(document);
  document.write(aside.restore(pageText(page)));
  document.close();
}

/**
 * A parser of its own knows no scripts: what is for browsers without them is set aside.
 * @param {string} html
 */
function parsePage(html) {
  const parser = new DOMParser();
  const aside = new SetAside(html, `crowd-${crypto.getRandomValues(new Uint32Array(4)).join("-")}`);
  const page = parser.parseFromString(aside.html, "text/html");
  if (aside.fits(page)) return { page, aside };
  return { page: parser.parseFromString(html, "text/html"), aside: new SetAside("", "") };
}

// A module runs before this event, and while it runs a document can't be opened anew. Nor may that happen within the
// event: Chromium then forgets to run about half of the new page's module scripts.
document.addEventListener("DOMContentLoaded", () => setTimeout(showPage), { once: true });
