// The owner's key as PKCS#8 PEM: the file that `crowd keys export` writes and `crowd keys import` reads. Pure. Reading is
// strict and takes both forms: version 1 (openssl, WebCrypto) and version 2, which has the public key behind it (the
// command), and which WebCrypto refuses.

const PEM_LABEL = "PRIVATE KEY";
const PEM_LINE = 64;
/** Far more than the 64 to 120 characters that a key takes, and far less than would be a burden. */
const MOST_PEM = 4096;
/** AlgorithmIdentifier of Ed25519 (1.3.101.112), without parameters. */
const KEY_ALGORITHM = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];
/** What comes before the seed in version 1: SEQUENCE, version 0, algorithm, OCTET STRING of an OCTET STRING. */
const KEY_HEAD = [0x30, 0x2e, 0x02, 0x01, 0x00, ...KEY_ALGORITHM, 0x04, 0x22, 0x04, 0x20];
const DER_TAG = { integer: 0x02, bytes: 0x04, sequence: 0x30, attributes: 0xa0, publicKey: 0x81 };

/** Says what is wrong with a key file, for a person. */
export class KeyFileError extends Error {}

/**
 * The secret seed, and the public key where the file has it.
 * @param {string} text
 * @returns {{ seed: Uint8Array<ArrayBuffer>, publicKey: Uint8Array<ArrayBuffer> | null }}
 */
export function readKeyPem(text) {
  return readPkcs8(pemBytes(text));
}

/**
 * The PEM of a private key's PKCS#8 bytes.
 * @param {Uint8Array} pkcs8
 */
export function writeKeyPem(pkcs8) {
  const base64 = btoa(String.fromCharCode(...pkcs8));
  const lines = [];
  for (let at = 0; at < base64.length; at += PEM_LINE) lines.push(base64.slice(at, at + PEM_LINE));
  return `-----BEGIN ${PEM_LABEL}-----\n${lines.join("\n")}\n-----END ${PEM_LABEL}-----\n`;
}

/**
 * PKCS#8 version 1 of a seed, which every WebCrypto takes.
 * @param {Uint8Array} seed 32 bytes
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function pkcs8OfSeed(seed) {
  return Uint8Array.from([...KEY_HEAD, ...seed]);
}

/** @param {string} text */
function pemBytes(text) {
  if (text.length > MOST_PEM) throw new KeyFileError("That is too long for a key file.");
  const lines = text
    .trim()
    .split("\n")
    .map((line) => line.trimEnd());
  if (lines[0]?.startsWith("-----BEGIN ENCRYPTED")) {
    throw new KeyFileError("That key is encrypted with a passphrase. Take the passphrase away first.");
  }
  if (lines.shift() !== `-----BEGIN ${PEM_LABEL}-----` || lines.pop() !== `-----END ${PEM_LABEL}-----`) {
    throw new KeyFileError(
      "That is not a key file: it begins with -----BEGIN PRIVATE KEY----- and ends likewise.",
    );
  }
  const base64 = lines.join("");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0) {
    throw new KeyFileError(
      "That key file is damaged: what is between its first and last line is not base64.",
    );
  }
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

/** @param {Uint8Array<ArrayBuffer>} der */
function readPkcs8(der) {
  const outer = new DerReader(der);
  const key = new DerReader(outer.take(DER_TAG.sequence));
  outer.end();
  const version = key.take(DER_TAG.integer);
  if (version.length !== 1 || version[0] > 1)
    throw new KeyFileError("That key file is of a version unknown here.");
  const algorithm = key.take(DER_TAG.sequence);
  if (!sameDerBytes(algorithm, KEY_ALGORITHM.slice(2))) throw new KeyFileError("That is not an Ed25519 key.");
  const inner = new DerReader(key.take(DER_TAG.bytes));
  const seed = inner.take(DER_TAG.bytes);
  inner.end();
  if (seed.length !== 32) throw new KeyFileError("That key file is damaged: an Ed25519 key has 32 bytes.");
  if (key.next === DER_TAG.attributes) key.take(DER_TAG.attributes);
  let publicKey = null;
  if (version[0] === 1) {
    const bits = key.take(DER_TAG.publicKey);
    if (bits.length !== 33 || bits[0] !== 0)
      throw new KeyFileError("That key file is damaged: its public key.");
    publicKey = bits.slice(1);
  }
  key.end();
  return { seed: seed.slice(), publicKey };
}

/** Reads one value after the other; every length is short form, for a key needs no more. */
class DerReader {
  #bytes;
  #at = 0;

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
  }

  /** The tag of what comes next. */
  get next() {
    return this.#bytes[this.#at];
  }

  /** @param {number} tag */
  take(tag) {
    const length = this.#bytes[this.#at + 1];
    const start = this.#at + 2;
    if (this.next !== tag || length === undefined || length > 127 || start + length > this.#bytes.length) {
      throw new KeyFileError("That key file is damaged, or is no Ed25519 key.");
    }
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  end() {
    if (this.#at !== this.#bytes.length)
      throw new KeyFileError("That key file has something behind the key.");
  }
}

/**
 * @param {Uint8Array} a
 * @param {ArrayLike<number>} b
 */
function sameDerBytes(a, b) {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
