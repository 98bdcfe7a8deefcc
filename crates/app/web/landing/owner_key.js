// The Ed25519 key that owns what is published from this browser: made by WebCrypto, taken from a key file, written to
// one. Where it is kept is the database's affair.

import { fromBase64url, toBase64url } from "../protocol/base64url.js";
import { KeyFileError, pkcs8OfSeed, readKeyPem, writeKeyPem } from "./key_pem.js";

const ED25519 = { name: "Ed25519" };

/**
 * `owner` is the public key's base64url, as releases and `crowd keys show` name it.
 * @typedef {{ privateKey: CryptoKey, owner: string }} OwnerKey
 */

/** @returns {Promise<OwnerKey>} */
export async function makeOwnerKey() {
  const pair = /** @type {CryptoKeyPair} */ (
    await crypto.subtle.generateKey(ED25519, true, ["sign", "verify"])
  );
  return withOwner(pair.privateKey);
}

/**
 * @param {string} pem
 * @returns {Promise<OwnerKey>}
 * @throws {KeyFileError}
 */
export async function ownerKeyOfPem(pem) {
  const { seed, publicKey } = readKeyPem(pem);
  const pkcs8 = pkcs8OfSeed(seed);
  const key = await withOwner(await crypto.subtle.importKey("pkcs8", pkcs8, ED25519, true, ["sign"]));
  pkcs8.fill(0);
  seed.fill(0);
  if (publicKey && toBase64url(publicKey) !== key.owner) {
    throw new KeyFileError("That key file is damaged: its two halves don’t belong together.");
  }
  return key;
}

/**
 * @param {CryptoKey} privateKey
 * @returns {Promise<string>} the PEM that `crowd keys import` takes
 */
export async function pemOfKey(privateKey) {
  return writeKeyPem(new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey)));
}

/**
 * @param {string} owner
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function bytesOfOwner(owner) {
  return fromBase64url(owner);
}

/** Whether this browser can make and use such keys. */
export async function canSign() {
  try {
    const pair = await crypto.subtle.generateKey(ED25519, false, ["sign", "verify"]);
    return "privateKey" in pair;
  } catch {
    return false;
  }
}

/** @param {CryptoKey} privateKey */
async function withOwner(privateKey) {
  const { x } = await crypto.subtle.exportKey("jwk", privateKey);
  if (!x) throw new Error("the browser does not tell the public half of the key");
  return { privateKey, owner: x };
}
