// Ed25519 signatures, verified strictly (RFC 8032) whatever the browser's own WebCrypto lets through: encodings are
// canonical, and neither key nor R is of small order. What it leaves to WebCrypto is the equation itself.

import { fromHex, toHex } from "./hex.js";

// The y of the points of small order, in canonical form, little-endian, without the sign of x.
const SMALL_ORDER_YS = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];

const FIELD_PRIME = (1n << 255n) - 19n;
const GROUP_ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;

// The first test of RFC 8032 section 7.1, which signs the empty message.
const PROBE_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const PROBE_SIGNATURE =
  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555" +
  "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

/** @type {Promise<boolean> | undefined} */
let probedEd25519;

/** @param {Uint8Array<ArrayBuffer>} bytes */
function littleEndian(bytes) {
  return BigInt(`0x${toHex(bytes.slice().reverse())}`);
}

/**
 * True for the canonical encoding of a y that is of no point of small order. Whether it is on the curve is not said.
 *
 * @param {Uint8Array<ArrayBuffer>} point 32 bytes
 */
function isSoundPoint(point) {
  const y = point.slice();
  y[31] &= 0x7f;
  return littleEndian(y) < FIELD_PRIME && !SMALL_ORDER_YS.includes(toHex(y));
}

/**
 * What WebCrypto says: false also where it refuses the key.
 *
 * @param {Uint8Array<ArrayBuffer>} publicKey
 * @param {Uint8Array<ArrayBuffer>} signature
 * @param {Uint8Array<ArrayBuffer>} message
 */
async function equationHolds(publicKey, signature, message) {
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature, message);
  } catch {
    return false;
  }
}

/**
 * Whether `signature` is `publicKey`'s over `message`, strictly. Never throws; false without WebCrypto's Ed25519.
 *
 * @param {Uint8Array<ArrayBuffer>} publicKey 32 bytes
 * @param {Uint8Array<ArrayBuffer>} signature 64 bytes
 * @param {Uint8Array<ArrayBuffer>} message
 * @returns {Promise<boolean>}
 */
export async function verifyStrict(publicKey, signature, message) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const sound = isSoundPoint(publicKey) && isSoundPoint(signature.slice(0, 32));
  if (!sound || littleEndian(signature.slice(32)) >= GROUP_ORDER) return false;
  return equationHolds(publicKey, signature, message);
}

/**
 * Whether this browser's WebCrypto has Ed25519; probed once.
 *
 * @returns {Promise<boolean>}
 */
export async function canVerify() {
  probedEd25519 ??= verifyStrict(fromHex(PROBE_KEY), fromHex(PROBE_SIGNATURE), new Uint8Array());
  return probedEd25519;
}
