// What hosting means at this moment, in a line.

/** @type {Record<import("./host_status.js").HostingState, string>} */
const HOSTING_WORDS = {
  on: "While it is open here, other readers can get it from you.",
  off: "You read it and give nothing.",
  ask: "Nothing is given before you say so.",
  metered: "Your connection is metered: nothing is given before you say so.",
  budget: "Today’s limit is used up. It goes on tomorrow.",
  never: "The node lets no browser host.",
};

/** @param {import("./host_status.js").HostingState} state */
export function hostingWords(state) {
  return HOSTING_WORDS[state];
}

/** @param {import("./host_status.js").HostingState} state */
export function isHostingWanted(state) {
  return state === "on" || state === "budget";
}
