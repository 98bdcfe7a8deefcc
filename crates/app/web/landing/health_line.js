// Node and cluster in a line: which node this is, how many it knows, whether this page is connected.

import { counted } from "../view/byte_size.js";
import { say } from "../view/make.js";
import { pagePart } from "./page_part.js";

/**
 * @param {import("./node_watch.js").NodeHealth} health
 */
export function sayHealth({ connected, failed, node, nodes }) {
  if (!connected && !failed) return "Looking for the node…";
  const name = node ? `Node ${node}` : "This node";
  if (!connected) return `${name} · not connected, trying again`;
  return `${name} · connected · ${nodes > 1 ? `${counted(nodes, "node")} in the cluster` : "the only node"}`;
}

export class HealthLine {
  #line = pagePart("health", HTMLElement);

  constructor() {
    this.#line.dataset.state = "waiting";
    say(this.#line, "Looking for the node…");
  }

  /** @param {import("./node_watch.js").NodeHealth} health */
  show(health) {
    this.#line.dataset.state = health.connected ? "connected" : health.failed ? "lost" : "waiting";
    say(this.#line, sayHealth(health));
  }
}
