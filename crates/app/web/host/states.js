// The twelve states of a visit, as events on the origin's BroadcastChannel: tests and traces read them. Emitted by whoever
// sees one happen: the page's script, the worker, the host.

/** Their names, by number. 1 to 6 are about the page itself, 7 to 11 about each further file. */
const STATE_NAMES = [
  "",
  "request",
  "asked",
  "answered",
  "relayed",
  "received",
  "parsed",
  "request",
  "asked",
  "answered",
  "relayed",
  "received",
  "ready",
];

/**
 * Tells everybody of this origin that a state was reached.
 * @param {BroadcastChannel} channel
 * @param {number} state 1 to 12
 * @param {Record<string, unknown>} [detail] what can be cloned
 * @param {number} [at] ms since the epoch, for what was noticed later
 */
export function emitState(channel, state, detail = {}, at = Date.now()) {
  channel.postMessage({
    t: "state",
    state,
    name: STATE_NAMES[state],
    at,
    detail,
  });
}
