// A site made in a test: cut, listed and signed as PROTOCOL.md says, on its own, so that nothing of the app is needed.
import { createHash, generateKeyPairSync, sign } from "node:crypto";

const TYPES = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  jpg: "image/jpeg",
  js: "text/javascript; charset=utf-8",
  json: "application/json; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  png: "image/png",
  svg: "image/svg+xml; charset=utf-8",
  ttf: "font/ttf",
  txt: "text/plain; charset=utf-8",
  wav: "audio/wav",
  webm: "video/webm",
  woff2: "font/woff2",
};

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** An owner: an Ed25519 key pair. */
export class Owner {
  constructor() {
    this.pair = generateKeyPairSync("ed25519");
    this.name = this.pair.publicKey.export({ format: "jwk" }).x;
  }
  sign(text) {
    return sign(null, Buffer.from(text), this.pair.privateKey).toString("base64url");
  }
}

export class TestSite {
  /** `files`: path → text or bytes. */
  constructor(project, files, { version = 1, owner = new Owner(), chunkSize = 65_536, spa = false } = {}) {
    Object.assign(this, { project, version, owner, files, options: { chunkSize, spa } });
    this.bytes = new Map();
    const list = Object.entries(files)
      .map(([path, content]) => ({ path, content: Buffer.from(content) }))
      .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
      .map(({ path, content }) => this.#file(path, content, chunkSize));
    const manifest = {
      crowd: 1,
      project,
      chunk_size: chunkSize,
      index: "index.html",
      ...("404.html" in files ? { not_found: "404.html" } : {}),
      ...(spa ? { spa } : {}),
      files: list,
    };
    this.list = list;
    this.release = this.#release(this.#keep(Buffer.from(JSON.stringify(manifest))));
  }

  #file(path, content, chunkSize) {
    const chunks = [];
    for (let at = 0; at < content.length; at += chunkSize) {
      chunks.push(this.#keep(content.subarray(at, at + chunkSize)));
    }
    const type = TYPES[path.split(".").pop()] ?? "application/octet-stream";
    return { path, type, size: content.length, chunks };
  }

  #keep(bytes) {
    const hash = sha256(bytes);
    this.bytes.set(hash, bytes);
    return hash;
  }

  #release(manifest) {
    const { project, version, owner } = this;
    const created = "2026-11-22T17:00:00Z";
    const signature = owner.sign(`crowd-release-v1\n${project}\n${version}\n${manifest}\n${created}\n`);
    return { project, owner: owner.name, version, manifest, created, signature };
  }

  /** The next version, by the same owner: `files` are changes to this one's. */
  next(files) {
    const { owner, version, project, options } = this;
    return new TestSite(project, { ...this.files, ...files }, { ...options, owner, version: version + 1 });
  }

  /** The names of a file's chunks. */
  chunks(path) {
    return this.list.find((file) => file.path === path).chunks;
  }

  get chunkCount() {
    return this.list.reduce((sum, file) => sum + file.chunks.length, 0);
  }

  /** The path of the file that a hash is a part of; "(manifest)" for the manifest. */
  named(hash) {
    return this.list.find((file) => file.chunks.includes(hash))?.path ?? "(manifest)";
  }
}
