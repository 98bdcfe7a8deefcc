// The projects of a Host, by name: at a project's own origin there is one, elsewhere several share the connection.

import { Source } from "../net/source.js";
import { isProjectName } from "../protocol/name.js";
import { HostedProject } from "./hosted_project.js";

/** @typedef {import("./hosted_project.js").HostedParts} HostedParts */
/** @typedef {{id: string, project: string}} HostedSite */

/** One connection hosts no more: a node has a limit too. */
const MOST_PROJECTS = 64;

export class HostedProjects {
  #parts;
  /** @type {Map<string, HostedProject>} */
  #projects = new Map();

  /**
   * @param {Omit<HostedParts, "id" | "project" | "source" | "onNewer"> & {nodes: import("../net/nodes.js").Nodes,
   *   fetch: typeof globalThis.fetch, onNewer: (project: string, version: number) => void}} parts
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * @param {HostedSite} site
   * @returns {HostedProject | null} null where it is one of them already, or one too many
   */
  add({ id, project }) {
    if (!isProjectName(project) || this.#projects.has(project) || this.#projects.size >= MOST_PROJECTS)
      return null;
    const { nodes, fetch, onNewer, ...parts } = this.#parts;
    const source = new Source({ store: parts.store, site: { id, project, server: null }, nodes, fetch });
    const onNewerVersion = (/** @type {number} */ version) => onNewer(project, version);
    const hosted = new HostedProject({ ...parts, id, project, source, onNewer: onNewerVersion });
    this.#projects.set(project, hosted);
    return hosted;
  }

  /** @param {string} project */
  remove(project) {
    this.#projects.get(project)?.close();
    this.#projects.delete(project);
  }

  /** @param {string} project */
  of(project) {
    return this.#projects.get(project);
  }

  /** @returns {HostedProject[]} */
  get all() {
    return [...this.#projects.values()];
  }

  get names() {
    return [...this.#projects.keys()];
  }
}
