// A worker's parts under test: a store in memory, a scripted node, clients that are open, and what was broadcast.

import { sha256 } from "../../../../crates/app/web/protocol/hash.js";
import { buildManifest } from "../../../../crates/app/web/protocol/manifest.js";
import { signRelease } from "../../../../crates/app/web/protocol/release.js";
import { Nodes } from "../../../../crates/app/web/net/nodes.js";
import { News } from "../../../../crates/app/web/serve/news.js";
import { Place } from "../../../../crates/app/web/serve/place.js";
import { ServedSites } from "../../../../crates/app/web/serve/served_sites.js";
import { Views } from "../../../../crates/app/web/serve/views.js";
import { httpNode, serving } from "./http_node.js";
import { newStore } from "./stores.js";

/** @type {Record<string, string>} */
const TYPES = { html: "text/html; charset=utf-8", css: "text/css", png: "image/png", js: "text/javascript" };

/**
 * A signed version of a site, each file of the type that its ending says.
 *
 * @param {{key: CryptoKey, bytes: Uint8Array<ArrayBuffer>}} owner
 * @param {Record<string, string | Uint8Array<ArrayBuffer>>} files
 * @param {{version?: number, project?: string, spa?: boolean, notFound?: string}} [options]
 */
export async function signedSite(owner, files, { version = 1, project = "mysite", spa, notFound } = {}) {
  const chunkSize = 1_024;
  /** @type {Map<string, Uint8Array<ArrayBuffer>>} */
  const chunks = new Map();
  const listed = [];
  for (const [path, text] of Object.entries(files)) {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    const hashes = [];
    for (let at = 0; at < bytes.length; at += chunkSize) {
      const chunk = bytes.slice(at, at + chunkSize);
      hashes.push(await sha256(chunk));
      chunks.set(hashes[hashes.length - 1], chunk);
    }
    const type = TYPES[path.split(".").pop() ?? ""] ?? "application/octet-stream";
    listed.push({ path, type, size: bytes.length, chunks: hashes });
  }
  const manifestBytes = buildManifest({
    project,
    chunkSize,
    index: "index.html",
    notFound,
    spa,
    files: listed,
  });
  const manifest = await sha256(manifestBytes);
  chunks.set(manifest, manifestBytes);
  const fields = { project, version, manifest, created: "2026-11-22T17:00:00Z" };
  return { release: await signRelease(owner.key, owner.bytes, fields), manifestBytes, chunks };
}

/**
 * What the handlers are made of, at the origin of `mysite`.
 *
 * @param {import("node:test").TestContext} test
 * @param {any[]} published versions that the node serves, the newest last; tests may add to it
 */
export async function servedSite(test, published) {
  const store = newStore(test);
  const node = await httpNode(test, (request, response) => serving(published)(request, response));
  /** @type {any[]} */
  const heard = [];
  /** @type {any[]} */
  const open = [];
  const channel = { postMessage: (/** @type {unknown} */ message) => void heard.push(message) };
  const clients = { matchAll: async () => open };
  const news = new News(store, /** @type {any} */ (channel));
  const location = {
    origin: "http://mysite.localhost:7000",
    host: "mysite.localhost:7000",
    protocol: "http:",
  };
  const sites = new ServedSites({ store, nodes: new Nodes(node.base, null), news, project: "mysite" });
  const views = new Views(store, /** @type {any} */ (clients));
  await store.settings.set("config", {
    hosting: "notice",
    domain: null,
    node: "n",
    servers: ["localhost:7000"],
    upload_bytes_per_day: 0,
  });
  return { store, node, heard, open, news, sites, views, place: new Place(location, store) };
}

/**
 * A request as a worker sees it: only browsers can make one with a mode and a destination.
 *
 * @param {string} path
 * @param {{destination?: string, method?: string, headers?: Record<string, string>, cache?: string, integrity?: string,
 *   clientId?: string, resultingClientId?: string, referrer?: string}} [options]
 */
export function fetchEvent(path, options = {}) {
  const { destination = "", headers = {}, clientId = "", resultingClientId = "" } = options;
  const { method = "GET", cache = "default", integrity = "", referrer = "about:client" } = options;
  const url = new URL(path, "http://mysite.localhost:7000");
  const mode = ["document", "iframe"].includes(destination) ? "navigate" : "no-cors";
  const request = {
    url: url.href,
    mode,
    destination,
    method,
    cache,
    integrity,
    referrer,
    headers: new Headers(headers),
  };
  /** @type {any} */
  const event = { request, clientId, resultingClientId, waitUntil: () => {} };
  return { event, url };
}
