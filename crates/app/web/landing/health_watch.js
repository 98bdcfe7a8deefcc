// A connection for its own sake, where this page neither hosts nor publishes: so that it can say how the node is.

import { Socket } from "../net/socket.js";
import { NodeWatch } from "./node_watch.js";

/**
 * @param {(health: import("./node_watch.js").NodeHealth) => void} onHealth
 */
export function watchHealth(onHealth) {
  const watch = new NodeWatch(onHealth);
  const socket = new Socket({
    urls: () => [`${location.origin.replace(/^http/, "ws")}/.crowd/ws`],
    openSocket: (url, protocol) => watch.open(url, protocol),
  });
  addEventListener("pagehide", () => socket.close());
}
