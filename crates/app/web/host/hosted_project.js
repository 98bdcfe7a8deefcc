// One project of a Host: keeps together what of it is here, what its node is told and what is still to be fetched.

import { Announcer } from "./announcer.js";
import { Follower } from "./follower.js";
import { Holding } from "./holding.js";

/** @typedef {import("./presence.js").Presence} Presence */
/** @typedef {import("../protocol/crowd_error.js").CrowdError} CrowdError */

/**
 * @typedef {object} HostedParts
 * @property {string} id of the site in the store
 * @property {string} project
 * @property {import("../store/database.js").Store} store
 * @property {import("./follower.js").FollowerParts["source"] & {load(version: number): Promise<unknown>}} source
 * @property {import("./announcer.js").NodeLine} line
 * @property {(ms: number, run: () => void) => void} later
 * @property {() => number} now
 * @property {() => number} random 0 to 1
 * @property {() => boolean} mayFetch whether bytes may be fetched that nobody waits for
 * @property {(bytes: number) => boolean} takeUpload whether so much may go out
 * @property {(state: number, detail: Record<string, unknown>) => void} emit a state of a visit
 * @property {(version: number) => void} onNewer a newer version is here, and complete
 * @property {() => void} onChange its status is another
 */

/** How old the number of peers may be: milliseconds. */
const PEERS_AGE = 60_000;
/** What passes by itself, and is no news for a person: whether there is a connection, they are told anyway. */
const PASSING_TROUBLE = ["network", "timeout", "no_peer", "rate_limited", "stale_version"];

export class HostedProject {
  #parts;
  #announcer;
  #holding;
  #follower;
  #hosting = false;
  #peers = 0;
  #peersAt = -Infinity;
  /** @type {number | null} a complete version above the one that the store shows */
  #newer = null;
  /** @type {string | null} why it is not hosted, by the node */
  #refusal = null;
  /** @type {string | null} why a newer version, or all of it, is not here */
  #failure = null;

  /** @param {HostedParts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { id, project, store, source, line, later, random, mayFetch, takeUpload, emit } = parts;
    this.#announcer = new Announcer({
      line,
      project,
      later,
      onHosting: (presence) => this.#hosted(presence),
      onTrouble: (error) => this.#refused(error),
    });
    this.#holding = new Holding({
      id,
      project,
      store,
      takeUpload,
      emit,
      mend: (version) => source.load(version),
      onRead: (site) => this.#read(site),
      onPresence: () => this.#announce(),
      onArrived: (numbers) => this.#arrived(numbers),
    });
    const onNewer = (/** @type {number} */ version) => {
      this.#newer = version;
      parts.onNewer(version);
    };
    const onOutcome = (/** @type {CrowdError | null} */ error) => this.#fetched(error);
    const holding = this.#holding;
    this.#follower = new Follower({
      id,
      store,
      holding,
      source,
      later,
      random,
      mayFetch,
      onNewer,
      onOutcome,
    });
  }

  /** The site's, in the store. */
  get id() {
    return this.#parts.id;
  }

  /** Reads the store. */
  read() {
    return this.#holding.read();
  }

  /** A node is there, and knows nothing yet. */
  connected() {
    this.#announcer.connected();
    this.#peersAt = -Infinity;
    void this.#look();
    this.#follower.wake();
  }

  disconnected() {
    this.#announcer.disconnected();
  }

  /** @param {boolean} on whether it may be hosted now */
  host(on) {
    this.#hosting = on;
    this.#announce();
  }

  /**
   * @param {boolean} on
   * @param {boolean} asked by a person, just now
   */
  keep(on, asked) {
    this.#follower.keep(on, asked);
  }

  /** Goes on with what is to be fetched: it may be possible now. */
  wake() {
    this.#follower.wake();
  }

  /** A page came: this browser responds, and the worker may have shown it another version. */
  async visited() {
    const { hosted } = this.#announcer;
    if (hosted) this.#emitReady(hosted);
    void this.#look();
    await this.#holding.read();
    this.#follower.wake();
  }

  /**
   * @param {number} version
   * @param {string[]} hashes
   */
  stored(version, hashes) {
    return this.#holding.stored(version, hashes);
  }

  /** @param {string} hash */
  async answer(hash) {
    if (!this.#hosting) return null;
    void this.#look();
    return this.#holding.answer(hash);
  }

  /**
   * The node says that a newer release exists.
   *
   * @param {number} version
   */
  updated(version) {
    const here = this.#holding.presence;
    if (here && version > here.version) this.#follower.planUpdate();
  }

  /** Hosts and fetches nothing any more. */
  close() {
    this.#hosting = false;
    this.#follower.stop();
    this.#announcer.leave();
  }

  /** What a HostStatus says of the project itself. */
  get status() {
    const { presence } = this.#holding;
    const allBytes = presence?.manifest.size ?? 0;
    const haveBytes = presence?.bytes ?? 0;
    return {
      version: presence?.version ?? 0,
      newer: this.#newer,
      peers: this.#peers,
      haveChunks: presence?.count ?? 0,
      allChunks: presence?.manifest.chunkCount ?? 0,
      haveBytes,
      allBytes,
      keepAll: this.#follower.keepAll,
      keepDone: presence === null ? 0 : allBytes === 0 ? 1 : haveBytes / allBytes,
      error: this.#failure ?? this.#refusal,
    };
  }

  #announce() {
    this.#announcer.want(this.#hosting ? this.#holding.presence : null);
    this.#follower.wake();
    this.#parts.onChange();
  }

  /** @param {number[]} numbers */
  #arrived(numbers) {
    const { presence } = this.#holding;
    if (presence) this.#announcer.have(presence, numbers);
    this.#parts.onChange();
  }

  /** @param {import("../store/site_store.js").Site | undefined} site */
  #read(site) {
    const { presence } = this.#holding;
    // A person may have accepted the new owner.
    if (presence === null) this.#failure = null;
    if (this.#newer !== null && (!site || site.active >= this.#newer || site.newest < this.#newer))
      this.#newer = null;
    // Accepted in an earlier life, and perhaps not fetched to its end.
    if (presence && site && site.newest > presence.version) this.#follower.update();
    this.#parts.onChange();
  }

  /** Asks the node for the newest version and how many peers there are, where that was not asked just now. */
  async #look() {
    const { line, now, project, onChange } = this.#parts;
    if (now() - this.#peersAt < PEERS_AGE) return;
    this.#peersAt = now();
    try {
      const { release, peers } = await line.request({ t: "resolve", project });
      this.#peers = peers;
      const here = this.#holding.presence?.release;
      const isNews = here && (release.version > here.version || release.owner !== here.owner);
      if (isNews) this.#follower.planUpdate();
      onChange();
    } catch {
      // Without a connection, or before the first release, there is nothing to know.
    }
  }

  /** @param {Presence} presence */
  #hosted(presence) {
    this.#refusal = null;
    this.#emitReady(presence);
    // One peer more.
    this.#peersAt = -Infinity;
    void this.#look();
    this.#parts.onChange();
  }

  /** @param {Presence} presence */
  #emitReady({ version, count, manifest }) {
    this.#parts.emit(12, {
      project: this.#parts.project,
      version,
      have: count,
      of: manifest.chunkCount,
    });
  }

  /** @param {CrowdError} error */
  #refused({ code }) {
    this.#refusal = PASSING_TROUBLE.includes(code) ? this.#refusal : code;
    this.#parts.onChange();
  }

  /** @param {CrowdError | null} error null where all went well */
  #fetched(error) {
    if (error && PASSING_TROUBLE.includes(error.code)) return;
    this.#failure = error?.code ?? null;
    this.#parts.onChange();
  }
}
