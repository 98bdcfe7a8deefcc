// The entry of the one host of a project's origin, however many tabs: a SharedWorker, or where there is none the tab
// that holds the lock, which imports this file. Pages reach it over the BroadcastChannel; the first hello comes through
// the port, which waits until the worker runs.

import { Host } from "./host/host.js";
import { Nodes } from "./net/nodes.js";
import { openStore } from "./store/database.js";

const hostStore = openStore();
const originHost = new Host({
  store: hostStore,
  channel: new BroadcastChannel("crowd"),
  nodes: new Nodes(location.origin, hostStore.settings),
  projects: [{ id: "", project: location.hostname.split(".", 1)[0] }],
  onStop: endHost,
});

/** A worker that has closed itself is found by no page any more: the next one starts another. */
function endHost() {
  if (isSharedHost()) close();
}

function isSharedHost() {
  return "SharedWorkerGlobalScope" in globalThis;
}

if (isSharedHost()) {
  addEventListener("connect", (event) => {
    const [port] = /** @type {MessageEvent} */ (event).ports;
    port.onmessage = ({ data }) => originHost.take(data);
  });
}
void originHost.start();
