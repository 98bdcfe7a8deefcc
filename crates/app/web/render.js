// Shows a page that has crowd links: the worker's shell carries it, the browser's own parser reads it, its links become
// ordinary, and it is written in the shell's place. Pages without such links never come here.

import { Alternatives } from "./links/alternatives.js";
import { Links } from "./links/crowd_links.js";
import { rewriteTree } from "./links/element_links.js";
import { pageText } from "./links/page_text.js";

function showPage() {
  const { html, links: options } = JSON.parse(document.getElementById("crowd-page")?.textContent ?? "{}");
  const page = new DOMParser().parseFromString(html, "text/html");
  const links = new Links({ ...options, controlled: true });
  const alternatives = new Alternatives(links);
  rewriteTree(page, links);
  alternatives.place(page);
  document.open();
  // Opening takes all listeners away, so it comes after.
  alternatives.watch(document);
  document.write(pageText(page));
  document.close();
}

// A module runs before this event, and while it runs a document can't be opened anew. Nor may that happen within the
// event: Chromium then forgets to run about half of the new page's module scripts.
document.addEventListener("DOMContentLoaded", () => setTimeout(showPage), { once: true });
