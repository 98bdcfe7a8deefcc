// Which of a folder's files are published. The same names are left out as by `crowd publish`: those that hold secrets,
// history or an editor's leavings. Pure: it reads no file.

import { checkFilePath } from "../protocol/path.js";

const NAMES_LEFT_OUT = new Set([
  ".git",
  ".gitignore",
  ".gitattributes",
  ".gitmodules",
  ".github",
  ".hg",
  ".svn",
  ".bzr",
  ".crowd",
  ".ssh",
  ".gnupg",
  ".aws",
  ".netrc",
  ".npmrc",
  ".pypirc",
  ".htpasswd",
  ".htaccess",
  ".DS_Store",
  ".idea",
  ".vscode",
]);
const CONFIG_FILE_NAME = "crowd.toml";

/**
 * Why something is left out.
 * @typedef {{ path: string, why: string }} LeftOut
 */

/**
 * Why a file or folder of this name is not for the public, or null.
 * @param {string} name
 */
export function privateName(name) {
  const env = name === ".env" || name.startsWith(".env.");
  const editor = name.startsWith(".#") || (name.startsWith(".") && name.endsWith(".swp"));
  return NAMES_LEFT_OUT.has(name) || env || editor || name.startsWith(".crowd-part-");
}

/**
 * Where in `path` (within the folder) something is that is left out, and why; null when the file is published. A
 * folder that is left out is named once, whatever lies in it.
 * @param {string} path
 * @returns {LeftOut | null}
 */
export function reasonToLeaveOut(path) {
  const segments = path.split("/");
  const at = segments.findIndex(privateName);
  if (at >= 0) {
    return { path: segments.slice(0, at + 1).join("/"), why: "its name says that it is not for the public" };
  }
  if (path === CONFIG_FILE_NAME) return { path, why: "it says how to publish the others" };
  const bad = pathProblem(path);
  return bad ? { path, why: bad } : null;
}

/**
 * Why no file of a site can have this path, for a person, or null.
 * @param {string} path
 */
export function pathProblem(path) {
  if (path === ".crowd" || path.startsWith(".crowd/")) return "nothing of a site lies under .crowd/";
  try {
    checkFilePath(path);
    return null;
  } catch (error) {
    return error instanceof Error && error.message ? error.message : "no path of a site may look so";
  }
}

/**
 * A folder's name as the name of a project: `My Web_Site!` → `my-web-site`; may be empty.
 * @param {string} folder
 */
export function nameOfFolder(folder) {
  let made = "";
  for (const c of folder.toLowerCase()) {
    if (/[a-z0-9]/.test(c)) made += c;
    else if (made && !made.endsWith("-")) made += "-";
  }
  made = made.slice(0, 63);
  while (made.endsWith("-")) made = made.slice(0, -1);
  return made;
}
