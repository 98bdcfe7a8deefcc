// Where a site's bytes come from: the store first, then discovery nodes over HTTP. Everything is verified before it is
// given out or stored. One Source for each site that a worker or host works with.

import { parseServer } from "../protocol/address.js";
import { asCrowdError, CrowdError } from "../protocol/crowd_error.js";
import { isHash, sha256 } from "../protocol/hash.js";
import { MAX_CHUNK, MAX_MANIFEST } from "../protocol/limits.js";
import { parseManifest } from "../protocol/manifest.js";
import { isProjectName } from "../protocol/name.js";
import { parseRelease, verifyRelease } from "../protocol/release.js";
import { newTraceparent } from "../protocol/traceparent.js";
import { firstAnswer } from "./first_answer.js";
import { Lanes } from "./lanes.js";
import { NamedServer } from "./named_server.js";
import { askNode } from "./node_answer.js";

/** @typedef {import("../protocol/hash.js").Bytes} Bytes */
/** @typedef {import("../protocol/manifest.js").Manifest} Manifest */
/** @typedef {import("../protocol/release.js").Release} Release */
/** @typedef {import("../protocol/address.js").Server} Server */

/** @typedef {{id: string, project: string, server: Server | string | null}} SourceSite server: null for this cluster's */

/**
 * @typedef {object} SourceProgress
 * @property {"resolve" | "manifest" | "chunk"} step what is asked for, or has come
 * @property {number} bytes that have come; 0 while they are asked for
 * @property {number | null} peers how many host the project, as far as a node said so
 * @property {string} [hash] of the chunk or manifest
 */

const LONGEST_RELEASE = 65_536;
const FETCHES_AT_ONCE = 6;
const PATIENCE_MS = 2_000;

/**
 * @param {Bytes} bytes
 * @param {string} project
 * @returns {Promise<Release>} verified
 */
async function readRelease(bytes, project) {
  const release = parseRelease(new TextDecoder().decode(bytes));
  if (release.project !== project) throw new CrowdError("bad_message", "the release is of another project");
  await verifyRelease(release);
  return release;
}

/** @param {string | null} header */
function peersOf(header) {
  return header !== null && /^[0-9]{1,9}$/.test(header) ? Number(header) : null;
}

export class Source {
  #store;
  #site;
  #nodes;
  #onProgress;
  #fetch;
  #origin;
  #patienceMs;
  #lanes = new Lanes(FETCHES_AT_ONCE);
  /** @type {Map<string, Promise<{bytes: Bytes, unstored: CrowdError | null}>>} */
  #flights = new Map();
  /** @type {Promise<Release> | undefined} */
  #refreshing;

  /** How many peers host the project, as a node said last; null where none did. */
  peers = /** @type {number | null} */ (null);

  /**
   * @param {object} parts
   * @param {import("../store/database.js").Store} parts.store
   * @param {SourceSite} parts.site
   * @param {import("./nodes.js").Nodes | NamedServer} parts.nodes of this cluster; not asked for a site on another server
   * @param {(progress: SourceProgress) => void} [parts.onProgress]
   * @param {typeof globalThis.fetch} [parts.fetch]
   * @param {string} [parts.origin] to which a traceparent may go
   * @param {number} [parts.patienceMs] after which a second node is asked beside a slow one
   */
  constructor({ store, site, nodes, onProgress, fetch, origin, patienceMs }) {
    if (!isProjectName(site.project)) throw new CrowdError("bad_name", "that is no name of a project");
    const server = typeof site.server === "string" ? parseServer(site.server) : site.server;
    this.#store = store;
    this.#site = site;
    this.#nodes = server === null ? nodes : new NamedServer(server);
    this.#onProgress = onProgress ?? (() => {});
    this.#fetch = fetch;
    this.#origin = origin ?? globalThis.location?.origin;
    this.#patienceMs = patienceMs ?? PATIENCE_MS;
  }

  /**
   * The newest release, verified and, with its manifest, accepted into the store; the stored one where nodes know none
   * as new. Throws CrowdError, with what was asked.
   *
   * @returns {Promise<Release>}
   */
  async refresh() {
    this.#refreshing ??= this.#refreshOnce().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /**
   * A version with its manifest, from the store, or fetched where it lacks there; without `version` the active one, or
   * the newest where there is none. Throws not_found for what nobody has any more.
   *
   * @param {number} [version]
   * @returns {Promise<{release: Release, manifest: Manifest}>}
   */
  async load(version) {
    const { sites, chunks } = this.#store;
    const { id, project } = this.#site;
    const wanted = version ?? ((await sites.get(id))?.active || undefined);
    const stored = wanted === undefined ? undefined : await sites.release(id, wanted);
    if (stored !== undefined) return stored;
    const known = wanted === undefined ? undefined : await sites.signed(id, wanted);
    const release = known ?? (await this.refresh());
    if (version !== undefined && release.version !== version) {
      throw new CrowdError("not_found", `version ${version} of ${project} is no longer to be had`);
    }
    const bytes = (await chunks.get(release.manifest)) ?? (await this.#fetchManifest(release.manifest));
    const manifest = parseManifest(bytes, project);
    // Without room for it, it is as good for this time.
    await chunks.put(release.manifest, bytes, { protect: id }).catch(() => {});
    return { release, manifest };
  }

  /**
   * A chunk, from the store or from a node, verified. It is in the store then; where it has no room there, this throws
   * full, or gives it all the same with `evenIfFull`.
   *
   * @param {string} hash
   * @param {{evenIfFull?: boolean}} [options]
   * @returns {Promise<Bytes>}
   */
  async chunk(hash, { evenIfFull = false } = {}) {
    if (!isHash(hash)) throw new CrowdError("bad_message", "a chunk is named by its hash");
    let flight = this.#flights.get(hash);
    if (flight === undefined) {
      flight = this.#obtain(hash).finally(() => this.#flights.delete(hash));
      this.#flights.set(hash, flight);
    }
    const { bytes, unstored } = await flight;
    if (unstored !== null && !evenIfFull) throw unstored;
    return bytes;
  }

  /** @param {string} hash */
  async #obtain(hash) {
    const stored = await this.#store.chunks.get(hash);
    if (stored !== null) return { bytes: stored, unstored: null };
    const bytes = await this.#fetchVerified("chunk", hash, MAX_CHUNK);
    try {
      await this.#store.chunks.put(hash, bytes, { protect: this.#site.id });
      return { bytes, unstored: null };
    } catch (error) {
      return { bytes, unstored: asCrowdError(error) };
    }
  }

  async #refreshOnce() {
    const { sites, chunks } = this.#store;
    const { id, project } = this.#site;
    this.#tell("resolve", 0);
    const { release, peers } = await this.#ask("release", async (url, options) => {
      const answer = await askNode(url, {
        ...options,
        limit: LONGEST_RELEASE,
        cache: "no-cache",
      });
      const verified = await readRelease(answer.bytes, project);
      return {
        release: verified,
        peers: peersOf(answer.headers.get("x-crowd-peers")),
      };
    });
    this.peers = peers ?? this.peers;
    const site = await sites.get(id);
    if (site !== undefined && site.owner === release.owner && site.newest > release.version) {
      // The node lags behind.
      const newer = await sites.signed(id, site.newest);
      if (newer !== undefined) return newer;
    }
    const stored = await sites.release(id, release.version);
    if (stored?.release.signature === release.signature) {
      await sites.touch(id).catch(() => {});
      return stored.release;
    }
    if (site !== undefined && site.owner !== release.owner) {
      throw new CrowdError("owner_changed", "another key has signed this release than those before");
    }
    const bytes = (await chunks.get(release.manifest)) ?? (await this.#fetchManifest(release.manifest));
    await sites.accept(id, release, bytes);
    return release;
  }

  /** @param {string} hash */
  async #fetchManifest(hash) {
    return this.#fetchVerified("manifest", hash, MAX_MANIFEST);
  }

  /**
   * @param {"chunk" | "manifest"} step
   * @param {string} hash
   * @param {number} limit
   * @returns {Promise<Bytes>}
   */
  async #fetchVerified(step, hash, limit) {
    this.#tell(step, 0, hash);
    const bytes = await this.#ask(`chunk/${hash}`, async (url, options) => {
      const answer = await askNode(url, { ...options, limit });
      if ((await sha256(answer.bytes)) === hash) return answer.bytes;
      throw new CrowdError("wrong_bytes", "the node answered with other bytes");
    });
    this.#tell(step, bytes.length, hash);
    await this.#store.counters.add({ down: bytes.length }).catch(() => {});
    return bytes;
  }

  /**
   * Asks the nodes for something of this project.
   *
   * @template T
   * @param {string} what
   * @param {(url: string, options: {signal: AbortSignal, onHead: () => void, headers?: Record<string, string>,
   *   fetch?: typeof globalThis.fetch}) => Promise<T>} ask
   * @returns {Promise<T>}
   */
  async #ask(what, ask) {
    const { header, traceId } = newTraceparent();
    let traced = false;
    await this.#nodes.load();
    try {
      return await firstAnswer({
        nodes: this.#nodes,
        lanes: this.#lanes,
        patienceMs: this.#patienceMs,
        ask: (base, signal, onHead) => {
          // To another origin the header would need the node's leave first, which costs a round trip.
          const own = base === this.#origin;
          traced ||= own;
          const headers = own ? { traceparent: header } : undefined;
          const url = `${base}/.crowd/v1/${this.#site.project}/${what}`;
          return ask(url, { signal, onHead, headers, fetch: this.#fetch });
        },
      });
    } catch (thrown) {
      const error = asCrowdError(thrown);
      if (traced) error.trace ??= traceId;
      throw error;
    }
  }

  /**
   * @param {SourceProgress["step"]} step
   * @param {number} bytes
   * @param {string} [hash]
   */
  #tell(step, bytes, hash) {
    this.#onProgress({ step, bytes, peers: this.peers, hash });
  }
}
