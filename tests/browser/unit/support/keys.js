// Ed25519 keys for tests, from fixed seeds or new.

import { fromHex, toHex } from "../../../../crates/app/web/protocol/hex.js";
import { sha256 } from "../../../../crates/app/web/protocol/hash.js";
import { buildManifest } from "../../../../crates/app/web/protocol/manifest.js";
import { signRelease } from "../../../../crates/app/web/protocol/release.js";

// Of a private key in PKCS #8, before its 32 bytes.
const PKCS8_HEAD = "302e020100300506032b657004220420";

/**
 * @param {string} seed 64 hex digits
 * @returns {Promise<CryptoKey>}
 */
export function keyOfSeed(seed) {
  return crypto.subtle.importKey("pkcs8", fromHex(PKCS8_HEAD + seed), "Ed25519", false, ["sign"]);
}

/** A new owner's key pair. */
export async function newOwner() {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const bytes = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { key: pair.privateKey, bytes, hex: toHex(bytes) };
}

/**
 * A site of these files, cut and signed: what a publisher has.
 *
 * @param {{owner: {key: CryptoKey, bytes: Uint8Array}, project?: string, version?: number, files: Record<string, string>,
 *   chunkSize?: number}} what
 */
export async function publication({ owner, project = "mysite", version = 1, files, chunkSize = 1024 }) {
  /** @type {Map<string, Uint8Array>} */
  const chunks = new Map();
  const listed = [];
  for (const [path, content] of Object.entries(files)) {
    const bytes = new TextEncoder().encode(content);
    const hashes = [];
    for (let at = 0; at < bytes.length; at += chunkSize) {
      const chunk = bytes.slice(at, at + chunkSize);
      hashes.push(await sha256(chunk));
      chunks.set(hashes.at(-1), chunk);
    }
    listed.push({ path, type: "text/html", size: bytes.length, chunks: hashes });
  }
  const manifestBytes = buildManifest({ project, chunkSize, index: "index.html", files: listed });
  const manifest = await sha256(manifestBytes);
  chunks.set(manifest, manifestBytes);
  const fields = { project, version, manifest, created: "2026-11-22T17:00:00Z" };
  const release = await signRelease(owner.key, owner.bytes, fields);
  return { release, manifestBytes, chunks };
}
