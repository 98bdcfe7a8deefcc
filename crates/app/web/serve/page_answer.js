// The answer to a navigation that finds HTML: the page's own bytes and the app's boot tag behind them. A page with crowd
// links goes out as a small shell that carries it; the browser's own parser rewrites it there (`render.js`).

import { contentHeaders } from "./file_answer.js";
import { FilePieces } from "./file_pieces.js";
import { utf8Text } from "./media_kind.js";

/** @typedef {import("./file_pieces.js").Content} Content */
/** @typedef {Omit<import("../links/crowd_links.js").LinksOptions, "controlled">} PageLinks */

/** Bytes of a page that are looked into; a longer one streams through as it is, and boot mends its links. */
const MAX_PAGE = 4 << 20;

/**
 * @param {Content} content
 * @param {200 | 404} status
 * @param {() => Promise<PageLinks>} links where the page is, asked for when it has crowd links
 * @returns {Promise<Response>}
 */
export async function answerPage(content, status, links) {
  const { project } = content.manifest;
  const tag = new TextEncoder().encode(bootTag(project, content.version));
  const options = { status, headers: contentHeaders(content) };
  const pieces = new FilePieces(content);
  if (content.file.size > MAX_PAGE) {
    await pieces.begin();
    return new Response(withTag(pieces, tag), options);
  }
  const bytes = await pieces.takeAll();
  const text = utf8Text(bytes);
  // What is in another encoding, whatever its type says, goes out as it is.
  if (!text?.toLowerCase().includes("crowd://")) return new Response(new Blob([bytes, tag]), options);
  const page = { html: text + bootTag(project, content.version), links: await links() };
  return new Response(shellOf(page), options);
}

/**
 * The element that makes a page's visitor a peer. Neither value has a character that means something in HTML.
 * @param {string} project
 * @param {number} version
 */
export function bootTag(project, version) {
  const attributes = `data-version="${version}" data-project="${project}"`;
  return `<script src="/.crowd/boot.js" type="module" async ${attributes}></script>`;
}

/**
 * The page that carries a page.
 * @param {{html: string, links: PageLinks}} page
 */
function shellOf(page) {
  // Within a script element only `<` could end it.
  const json = JSON.stringify(page).replaceAll("<", "\\u003c");
  return (
    '<!doctype html><html><head><meta charset="utf-8"><title></title></head><body>' +
    `<script type="application/json" id="crowd-page">${json}</script>` +
    '<script type="module" src="/.crowd/render.js"></script></body></html>'
  );
}

/**
 * The stream of a page and then the tag, where the page's end says that it is markup again: within a script or an
 * attribute it would do harm.
 * @param {FilePieces} pieces
 * @param {Uint8Array<ArrayBuffer>} tag
 */
function withTag(pieces, tag) {
  let tail = "";
  const transform = {
    transform(/** @type {Uint8Array} */ piece, /** @type {TransformStreamDefaultController} */ controller) {
      tail = (tail + new TextDecoder("latin1").decode(piece.subarray(-64))).slice(-64);
      controller.enqueue(piece);
    },
    flush(/** @type {TransformStreamDefaultController} */ controller) {
      const end = tail.trimEnd().toLowerCase();
      if (end.endsWith("</html>") || end.endsWith("</body>")) controller.enqueue(tag);
    },
  };
  return pieces.stream().pipeThrough(new TransformStream(transform, undefined, { highWaterMark: 0 }));
}
