// Asks one node after the other until one has answered: the next one at once where a node fails, and beside it where it
// is slow. The first good answer wins and the others are left. Used by Source.

import { asCrowdError, CrowdError } from "../protocol/crowd_error.js";
import { NodeRefusal } from "./node_answer.js";

/** @typedef {import("../protocol/crowd_error.js").AskedNode} AskedNode */

/**
 * @typedef {object} Attempt
 * @property {AskedNode} asked
 * @property {AbortController} leaving
 * @property {boolean} answering its head has come
 * @property {ReturnType<typeof setTimeout> | undefined} patience
 */

/** However many nodes there are. */
const MOST_ASKED = 6;

/**
 * What to tell when nobody had an answer: rather what a node said than that one was not reached.
 *
 * @param {CrowdError[]} errors
 */
function mostTelling(errors) {
  const said = errors.find(({ code }) => code !== "network") ?? errors[0];
  return said ?? new CrowdError("network", "no discovery node is known");
}

/**
 * Throws the CrowdError that tells most, with everyone that was asked.
 *
 * @template T
 * @param {object} race
 * @param {{bases(): string[], failed(base: string): void, answered(base: string): void}} race.nodes
 * @param {import("./lanes.js").Lanes} race.lanes
 * @param {(base: string, signal: AbortSignal, onHead: () => void) => Promise<T>} race.ask
 * @param {number} race.patienceMs after which another node is asked beside one that hasn't begun to answer
 * @returns {Promise<T>}
 */
export function firstAnswer({ nodes, lanes, ask, patienceMs }) {
  /** @type {AskedNode[]} */
  const asked = [];
  /** @type {Set<Attempt>} */
  const open = new Set();
  /** @type {CrowdError[]} */
  const errors = [];
  /** @type {CrowdError | null} */
  let final = null;
  let over = false;

  return new Promise((resolve, reject) => {
    const end = () => {
      over = true;
      for (const { leaving, patience } of open) {
        clearTimeout(patience);
        leaving.abort();
      }
    };

    const endIfHopeless = () => {
      const hope = [...open].some(({ answering }) => answering || final === null);
      if (over || hope) return;
      const { code, message, trace, retryAfterMs, cause } = final ?? mostTelling(errors);
      end();
      reject(new CrowdError(code, message, { trace, retryAfterMs, cause, asked }));
    };

    const askNext = () => {
      const base = nodes.bases().find((known) => asked.every(({ node }) => node !== known));
      if (over || final !== null || base === undefined || asked.length === MOST_ASKED) return;
      /** @type {Attempt} */
      const attempt = {
        asked: { node: base, code: "waiting" },
        leaving: new AbortController(),
        answering: false,
        patience: undefined,
      };
      asked.push(attempt.asked);
      open.add(attempt);
      attend(attempt, base);
    };

    /**
     * @param {Attempt} attempt
     * @param {string} base
     */
    const attend = async (attempt, base) => {
      try {
        const answer = await lanes.run(() => {
          if (!over) attempt.patience = setTimeout(() => !attempt.answering && askNext(), patienceMs);
          return ask(base, attempt.leaving.signal, () => {
            attempt.answering = true;
          });
        });
        attempt.asked.code = "ok";
        nodes.answered(base);
        if (!over) end();
        resolve(answer);
      } catch (thrown) {
        clearTimeout(attempt.patience);
        open.delete(attempt);
        if (over) return;
        const error = asCrowdError(thrown);
        attempt.asked.code = error.code;
        errors.push(error);
        if (error instanceof NodeRefusal && error.isFinal) {
          nodes.answered(base);
          final ??= error;
        } else {
          // Peers that are too slow for it are no fault of a node.
          if (!(error instanceof NodeRefusal && error.code === "timeout")) nodes.failed(base);
          askNext();
        }
        endIfHopeless();
      }
    };

    askNext();
    endIfHopeless();
  });
}
