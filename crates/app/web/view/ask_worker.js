// One question to the service worker and its answer. For the badge and the progress page.

/**
 * @param {ServiceWorker} worker
 * @param {object} question
 * @param {number} patience milliseconds
 * @returns {Promise<unknown>} the answer, or undefined when none came in time
 */
export function askWorker(worker, question, patience) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event) => resolve(event.data);
    setTimeout(() => {
      resolve(undefined);
      port1.close();
    }, patience);
    worker.postMessage(question, [port2]);
  });
}
