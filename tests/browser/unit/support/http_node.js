// A scripted discovery node over HTTP, on a free port of this machine.

import { createServer } from "node:http";

/**
 * Starts a node that answers each request as `answer` does; it is stopped when the test ends.
 *
 * @param {import("node:test").TestContext} test
 * @param {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => unknown} answer
 */
export async function httpNode(test, answer) {
  /** @type {{url: string, headers: import("node:http").IncomingHttpHeaders}[]} */
  const asked = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url ?? "", headers: request.headers });
    response.setHeader("Access-Control-Allow-Origin", "*");
    answer(request, response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve(undefined)));
  };
  test.after(stop);
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { base: `http://127.0.0.1:${port}`, asked, stop };
}

/**
 * Answers for publications: their newest release, and all of their chunks.
 *
 * @param {{release: any, chunks: Map<string, Uint8Array>}[]} publications the newest last
 */
export function serving(publications) {
  return (/** @type {any} */ request, /** @type {any} */ response) => {
    const { release } = publications[publications.length - 1];
    if (request.url === `/.crowd/v1/${release.project}/release`) {
      response.setHeader("X-Crowd-Peers", "3");
      return response.end(JSON.stringify(release));
    }
    const hash = request.url.split("/").pop();
    const bytes = publications.map(({ chunks }) => chunks.get(hash)).find((found) => found !== undefined);
    return bytes === undefined ? refuse(response, 404, "not_found", "no such chunk") : response.end(bytes);
  };
}

/**
 * @param {any} response
 * @param {number} status
 * @param {string} code
 * @param {string} [message]
 * @param {Record<string, string>} [headers]
 */
export function refuse(response, status, code, message = "for a person", headers = {}) {
  response.writeHead(status, { "Content-Type": "text/plain", ...headers });
  response.end(`${code}: ${message}\n`);
}
