// Answers `/.crowd/…`: the app's own files, from the cache of this build or the network. What a node says of the moment
// (releases, chunks, its configuration, its socket) is left to the network.

import { ownFile } from "./app_shell.js";
import { refuse } from "./refusal.js";
import { CrowdError } from "../protocol/crowd_error.js";

const OWN_PREFIX = "/.crowd/";
/** Below it: what is never kept. */
const NODES_OWN = ["v1", "ws", "config.json", "sample", "sample.json", "worker.js"];

/**
 * True for what goes to the network as if there were no worker.
 * @param {URL} url
 */
export function isNodesOwn({ pathname }) {
  return (
    pathname.startsWith(OWN_PREFIX) && NODES_OWN.includes(pathname.slice(OWN_PREFIX.length).split("/", 1)[0])
  );
}

export class OwnFiles {
  /**
   * @param {Request} _
   * @param {URL} url
   */
  canHandle(_, url) {
    return url.pathname.startsWith(OWN_PREFIX);
  }

  /**
   * @param {FetchEvent} event
   * @param {URL} url
   */
  async handle({ request }, url) {
    try {
      return await ownFile(url.pathname.slice(OWN_PREFIX.length));
    } catch {
      const error = new CrowdError("network", "there is no connection to a node");
      return refuse(error, { head: request.method === "HEAD" });
    }
  }
}
