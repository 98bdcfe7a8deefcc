// Runs one part of boot so that it can't break the page, nor another part: what goes wrong is for whoever debugs.

/**
 * @param {string} part its name
 * @param {() => unknown} run
 */
export async function quietly(part, run) {
  try {
    await run();
  } catch (error) {
    console.debug(`crowd ${part}:`, error);
  }
}
