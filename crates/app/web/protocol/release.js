// Releases: the signed record that binds a project's name and version to a manifest. A Release is a frozen plain
// object whose shape is right; whether its signature holds is for verifyRelease to say.

import { fromBase64url, toBase64url } from "./base64url.js";
import { CrowdError } from "./crowd_error.js";
import { canVerify, verifyStrict } from "./ed25519.js";
import { isHash } from "./hash.js";
import { isProjectName } from "./name.js";

/**
 * @typedef {object} ReleaseFields
 * @property {string} project
 * @property {number} version 1 to 2^53-1
 * @property {string} manifest its hash
 * @property {string} created YYYY-MM-DDTHH:MM:SSZ, for people
 */

/** @typedef {Readonly<ReleaseFields & {owner: string, signature: string}>} Release base64url of 32 and 64 bytes */

const CREATED_SHAPE =
  /^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)Z$/;

/** @param {string} why */
function notARelease(why) {
  return new CrowdError("bad_message", `not a release: ${why}`);
}

/**
 * True for a version of a release.
 *
 * @param {unknown} version
 * @returns {version is number}
 */
export function isVersion(version) {
  return typeof version === "number" && Number.isSafeInteger(version) && version >= 1;
}

/**
 * @param {unknown} text
 * @param {number} length
 * @param {string} what
 */
function needsBytes(text, length, what) {
  let bytes = null;
  try {
    bytes = typeof text === "string" ? fromBase64url(text) : null;
  } catch {
    bytes = null;
  }
  if (bytes?.length === length) return;
  throw new CrowdError("bad_signature", `${what} is the unpadded base64url of ${length} bytes`);
}

/**
 * Reads the JSON form, or what JSON.parse made of it. Throws bad_message, bad_name and bad_signature, in this order.
 *
 * @param {unknown} json
 * @returns {Release}
 */
export function parseRelease(json) {
  /** @type {any} */
  let fields = json;
  if (typeof json === "string") {
    try {
      fields = JSON.parse(json);
    } catch {
      throw notARelease("it is no JSON");
    }
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields))
    throw notARelease("it is no object");
  const { project, owner, version, manifest, created, signature } = fields;
  for (const text of [project, owner, signature]) {
    if (typeof text !== "string" || !text.isWellFormed()) throw notARelease("a field is missing or no text");
  }
  if (!isVersion(version)) throw notARelease("a version is a whole number from 1 to 2^53-1");
  if (!isHash(manifest)) throw notARelease("manifest is a hash");
  if (typeof created !== "string" || !CREATED_SHAPE.test(created)) {
    throw notARelease("created is YYYY-MM-DDTHH:MM:SSZ");
  }
  if (!isProjectName(project)) throw new CrowdError("bad_name", "that is no name of a project");
  needsBytes(owner, 32, "owner");
  needsBytes(signature, 64, "signature");
  return Object.freeze({
    project,
    owner,
    version,
    manifest,
    created,
    signature,
  });
}

/**
 * The text that the signature is over.
 *
 * @param {ReleaseFields} fields
 * @returns {string}
 */
export function releaseText(fields) {
  return `crowd-release-v1\n${fields.project}\n${fields.version}\n${fields.manifest}\n${fields.created}\n`;
}

/**
 * Throws bad_signature unless the owner's signature holds, strictly; unsupported where this browser can't tell.
 *
 * @param {Release} release
 * @returns {Promise<void>}
 */
export async function verifyRelease(release) {
  const message = new TextEncoder().encode(releaseText(release));
  if (await verifyStrict(fromBase64url(release.owner), fromBase64url(release.signature), message)) return;
  if (!(await canVerify())) {
    throw new CrowdError("unsupported", "this browser can't verify Ed25519 signatures");
  }
  throw new CrowdError("bad_signature", "the release is not signed by its owner");
}

/**
 * Signs a release. Throws what parseRelease throws where a field is not as it should be.
 *
 * @param {CryptoKey} privateKey an Ed25519 key that may sign
 * @param {Uint8Array<ArrayBuffer>} ownerBytes the public key, 32 bytes
 * @param {ReleaseFields} fields
 * @returns {Promise<Release>}
 */
export async function signRelease(privateKey, ownerBytes, fields) {
  const owner = toBase64url(ownerBytes);
  const unsigned = parseRelease({
    ...fields,
    owner,
    signature: toBase64url(new Uint8Array(64)),
  });
  const message = new TextEncoder().encode(releaseText(unsigned));
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, message));
  return parseRelease({ ...unsigned, signature: toBase64url(signature) });
}
