// Keeps the crowd links of a live page ordinary ones: those that are there, and those in nodes that scripts insert later.
// Runs in every page of a project, also in frames and without a worker. Shadow trees are their authors' business.

import { Alternatives } from "../links/alternatives.js";
import { LINK_ATTRIBUTES, rewriteElement, rewriteTree } from "../links/element_links.js";

/** @typedef {import("../links/crowd_links.js").Links} Links */

export class LinkWatcher {
  #links;
  #alternatives;

  /** @param {Links} links */
  constructor(links) {
    this.#links = links;
    this.#alternatives = new Alternatives(links);
  }

  /**
   * Watches what is inserted and changed from now on.
   *
   * @param {Document} document
   */
  watch(document) {
    const observer = new MutationObserver((records) => {
      for (const record of records) this.#take(record);
    });
    observer.observe(document, { subtree: true, childList: true, attributeFilter: LINK_ATTRIBUTES });
  }

  /**
   * Rewrites what is there, and tries other places of what has failed.
   *
   * @param {Document} document
   */
  scan(document) {
    rewriteTree(document, this.#links);
    this.#alternatives.place(document);
    this.#alternatives.watch(document);
  }

  /** @param {MutationRecord} record */
  #take({ type, target, addedNodes }) {
    if (!(target instanceof Element)) return;
    if (type === "attributes") return this.#mend(target, rewriteElement);
    // The text of a style element is what it is.
    if (target.localName === "style") rewriteElement(target, this.#links);
    for (const node of addedNodes) {
      if (node instanceof Element) this.#mend(node, rewriteTree);
    }
  }

  /**
   * @param {Element} element
   * @param {(element: Element, links: Links) => void} rewrite
   */
  #mend(element, rewrite) {
    rewrite(element, this.#links);
    if (element.isConnected) this.#alternatives.place(element);
  }
}
