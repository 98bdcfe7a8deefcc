// What a node says about a project or a page: there, or why not. Asked by the progress page before it tries again.

/** @typedef {import("./way_page.js").PageFailure} PageFailure */

const ANSWER_PATIENCE = 12_000;

/**
 * @param {string} project
 * @returns {Promise<PageFailure | null>} null where somebody hosts it
 */
export async function askForHosts(project) {
  return ask(
    `/.crowd/v1/${project}/release`,
    (response) => Number(response.headers.get("x-crowd-peers")) > 0,
  );
}

/**
 * The page itself, without a worker.
 * @returns {Promise<PageFailure | null>} null where it would come
 */
export async function askForPage() {
  return ask(location.href, () => true);
}

/**
 * @param {string} url
 * @param {(response: Response) => boolean} isThere
 * @returns {Promise<PageFailure | null>}
 */
async function ask(url, isThere) {
  try {
    const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_PATIENCE) });
    const { headers } = response;
    if (response.ok) void response.body?.cancel();
    const [, told] = /^([a-z_]{1,32}): /.exec(response.ok ? "" : (await response.text()).slice(0, 200)) ?? [];
    const code = response.ok ? "no_peer" : (told ?? "internal");
    const [node, trace] = [headers.get("x-crowd-node") ?? location.host, headers.get("x-crowd-trace") ?? ""];
    return response.ok && isThere(response) ? null : { code, trace, asked: [{ node, code }] };
  } catch {
    const code = "network";
    return { code, trace: "", asked: [{ node: location.host, code }] };
  }
}
