// Where this page came from a port that serves the app alone, nobody answers for projects here: it finds out where the
// node itself is, says so, and leads there.

import { make } from "../view/make.js";
import { pagePart, showPart } from "./page_part.js";

const LOOK_PATIENCE_MS = 5_000;
const MOST_CANDIDATES = 4;

/**
 * Called when no connection could be made.
 * @param {import("./project_links.js").ProjectLinks} links
 */
export async function pointElsewhere(links) {
  const here = await serversAt(location.origin);
  const others = here.filter((server) => server !== location.host && server !== location.hostname);
  for (const server of others.slice(0, MOST_CANDIDATES)) {
    const origin = `${location.protocol}//${server}`;
    if (!URL.canParse(origin) || (await serversAt(origin)).length === 0) continue;
    links.node = origin;
    const place = pagePart("elsewhere", HTMLElement);
    place.replaceChildren("This page has no connection to its node. Publish and open projects at ");
    place.append(make("a", { href: `${origin}/` }, origin));
    showPart(place, true);
    return;
  }
}

/**
 * The servers that stand for the node behind an origin; none where nobody answers.
 * @param {string} origin
 * @returns {Promise<string[]>}
 */
async function serversAt(origin) {
  try {
    const signal = AbortSignal.timeout(LOOK_PATIENCE_MS);
    const answer = await fetch(`${origin}/.crowd/config.json`, { signal });
    /** @type {unknown} */
    const servers = (await answer.json()).servers;
    return Array.isArray(servers) ? servers.filter((server) => typeof server === "string") : [];
  } catch {
    return [];
  }
}
