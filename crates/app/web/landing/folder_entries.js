// Reads what was dropped or chosen into a draft: a folder with all that lies in it, or some files. Folders that are left
// out are not opened; how many files are read is bounded.

import { Draft } from "./draft.js";
import { privateName } from "./folder_rules.js";
import { MOST_FILES } from "./site_rules.js";

const TOO_MANY = `There are more than ${MOST_FILES.toLocaleString("en")} files. Is it the right folder?`;

/** Says why a folder can't be taken, for a person. */
export class FolderError extends Error {}

/**
 * What was dropped. Its entries have to be taken before the event is over, so this is called within it.
 * @param {DataTransfer} dropped
 * @returns {Promise<Draft>}
 */
export function draftOfDrop(dropped) {
  const entries = [...dropped.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  return draftOfEntries(entries);
}

/**
 * What was chosen in the browser's own dialogue.
 * @param {FileList | File[]} files
 */
export function draftOfFiles(files) {
  if (files.length > MOST_FILES) throw new FolderError(TOO_MANY);
  const [first] = files;
  const folder = first?.webkitRelativePath.split("/")[0] ?? "";
  const draft = new Draft(folder);
  for (const file of files) {
    const path = file.webkitRelativePath;
    draft.add(path ? path.slice(path.indexOf("/") + 1) : file.name, file);
  }
  return draft;
}

/** @param {FileSystemEntry[]} entries */
async function draftOfEntries(entries) {
  const [only] = entries;
  if (!only) throw new FolderError("Nothing that was dropped is a file or a folder.");
  const root = entries.length === 1 && only.isDirectory ? only : null;
  const draft = new Draft(root?.name ?? "");
  const top = root ? await childrenOf(root) : entries;
  /** @type {{ entry: FileSystemEntry, path: string }[]} */
  const open = top.map((entry) => ({ entry, path: entry.name }));
  let seen = 0;
  for (let next = open.pop(); next; next = open.pop()) {
    const { entry, path } = next;
    if (privateName(entry.name)) {
      draft.add(path, new Blob());
      continue;
    }
    seen += 1;
    if (seen > MOST_FILES) throw new FolderError(TOO_MANY);
    if (entry.isDirectory) {
      for (const child of await childrenOf(entry)) open.push({ entry: child, path: `${path}/${child.name}` });
    } else {
      draft.add(path, await fileOf(entry));
    }
  }
  return draft;
}

/**
 * All entries of a folder: a reader gives some at a time, and none at the end.
 * @param {FileSystemEntry} folder
 * @returns {Promise<FileSystemEntry[]>}
 */
async function childrenOf(folder) {
  const reader = /** @type {FileSystemDirectoryEntry} */ (folder).createReader();
  const children = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => {
      reader.readEntries(resolve, () => reject(unreadable(folder)));
    });
    if (some.length === 0) return children;
    children.push(...some);
    if (children.length > MOST_FILES) throw new FolderError(TOO_MANY);
  }
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<File>}
 */
function fileOf(entry) {
  const file = /** @type {FileSystemFileEntry} */ (entry);
  return new Promise((resolve, reject) => {
    file.file(resolve, () => reject(unreadable(entry)));
  });
}

/** @param {FileSystemEntry} entry */
function unreadable(entry) {
  return new FolderError(`${entry.fullPath.replace(/^\//, "")} can’t be read.`);
}
