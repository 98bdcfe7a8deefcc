// A page's line to the one host of its origin: starts it where it doesn't run yet, and says hello, so that the host knows
// of the page, of its connection, and tells how it is doing. Run by boot when the page has loaded.

import { isMetered } from "./metered.js";
import { ownAddress } from "./own_address.js";

const HOST_SCRIPT = "/.crowd/host.js";
const HOST_NAME = "crowd-host";

/** @typedef {import("./metered.js").PageConnection} PageConnection */

export class HostLink {
  #channel;
  #connection;
  #page = crypto.randomUUID();

  /**
   * @param {BroadcastChannel} channel
   * @param {PageConnection | undefined} connection
   */
  constructor(channel, connection) {
    this.#channel = channel;
    this.#connection = connection;
  }

  start() {
    const hello = () => this.hello();
    this.#channel.addEventListener("message", ({ data }) => data?.t === "who" && hello());
    this.#connection?.addEventListener?.("change", hello);
    addEventListener("online", hello);
    addEventListener("pagehide", () => this.#channel.postMessage({ t: "bye", page: this.#page }));
    addEventListener("pageshow", ({ persisted }) => persisted && hello());
    this.#startHost();
    this.hello();
  }

  /** Tells the host that this page is here, and is told how it is doing. */
  hello() {
    this.#channel.postMessage(this.#helloMessage());
  }

  #helloMessage() {
    return { t: "hello", metered: isMetered(this.#connection), page: this.#page };
  }

  #startHost() {
    if (typeof SharedWorker === "undefined") void this.#stand();
    else this.#share();
  }

  #share() {
    const worker = new SharedWorker(ownAddress(HOST_SCRIPT), { type: "module", name: HOST_NAME });
    // One that is only starting doesn't listen to the channel yet.
    worker.port.postMessage(this.#helloMessage());
    worker.onerror = () => this.#onceOnline(() => this.#share());
  }

  /** Stands for election: the tab that holds the lock is the host, and another one after it. */
  async #stand() {
    try {
      await navigator.locks.request(HOST_NAME, async () => {
        // @ts-expect-error the node has it there
        await import("/.crowd/host.js");
        this.hello();
        await new Promise(() => {});
      });
    } catch {
      this.#onceOnline(() => this.#stand());
    }
  }

  /**
   * The host could not be had: without a network there is nothing to be hosted either.
   *
   * @param {() => void} again
   */
  #onceOnline(again) {
    addEventListener("online", again, { once: true });
  }
}
