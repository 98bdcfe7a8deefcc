// A version that was published from here, as a draft to edit: its files put together again from their chunks.

import { parseManifest } from "../protocol/manifest.js";
import { byteSize } from "../view/byte_size.js";
import { Draft } from "./draft.js";
import { FolderError } from "./folder_entries.js";

/** What is larger is edited where its files are. */
const MOST_EDITED_BYTES = 64 << 20;

/**
 * @param {object} parts
 * @param {import("../store/database.js").Store} parts.store
 * @param {import("./publisher_database.js").PublisherDatabase} parts.database
 * @param {string} parts.name
 * @param {number} parts.version
 * @returns {Promise<Draft>}
 */
export async function draftOfVersion({ store, database, name, version }) {
  const bytes = await database.manifest(name, version);
  if (!bytes) throw new FolderError(`Version ${version} is not in this browser any more.`);
  const manifest = parseManifest(bytes, name);
  if (manifest.size > MOST_EDITED_BYTES) {
    throw new FolderError(`${byteSize(manifest.size)} are too much to edit here. Choose the folder again.`);
  }
  const draft = new Draft(`${name}, version ${version}`);
  draft.spa = manifest.spa;
  for (const { path, chunks } of manifest.files) {
    const parts = await Promise.all(chunks.map((hash) => store.chunks.get(hash)));
    const whole = parts.filter((part) => part !== null);
    if (whole.length < parts.length)
      throw new FolderError(`Parts of ${path} are not in this browser any more.`);
    draft.add(path, new Blob(whole));
  }
  return draft;
}
