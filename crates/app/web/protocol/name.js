// The name of a project: one DNS label, since each project gets an origin of its own.

/**
 * True for 1 to 63 of a-z 0-9 -, neither end a -, not starting xn--, not www or localhost.
 *
 * @param {unknown} text
 * @returns {text is string}
 */
export function isProjectName(text) {
  return (
    typeof text === "string" &&
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text) &&
    !text.startsWith("xn--") &&
    text !== "www" &&
    text !== "localhost"
  );
}
