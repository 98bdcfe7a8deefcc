// The addresses of a project, as the landing page leads to them: through this node, and at the project's own origin
// where there is one.

export class ProjectLinks {
  /** The origin of the node, where this page came from another place; else empty. */
  node = "";
  #place;
  #domain;

  /**
   * @param {{ protocol: string, host: string, hostname: string, port: string }} place of this page
   * @param {string} domain that projects have their origins under; empty for none
   */
  constructor(place, domain) {
    this.#place = place;
    this.#domain = domain || (place.hostname === "localhost" ? "localhost" : "");
  }

  /** The domain that projects have their origins under, without a port; may be empty. */
  get domain() {
    return this.#domain;
  }

  /** @param {string} project */
  site(project) {
    return `${this.node}/${project}/`;
  }

  /**
   * The project's own page about what is stored and hosted; null where it has no origin of its own.
   * @param {string} project
   */
  manage(project) {
    const origin = this.#origin(project);
    return origin && `${origin}/.crowd/manage`;
  }

  /**
   * What to pass on to others.
   * @param {string} project
   */
  full(project) {
    return `${this.#origin(project) ?? `${this.#place.protocol}//${this.#place.host}/${project}`}/`;
  }

  /** @param {string} project */
  crowd(project) {
    return `crowd://${this.#server}/${project}/`;
  }

  /** This node, as an address names it. */
  get #server() {
    const { host, port, protocol } = this.#place;
    return port || protocol === "https:" ? host : `${host}:80`;
  }

  /** @param {string} project */
  #origin(project) {
    const { protocol, port } = this.#place;
    return this.#domain ? `${protocol}//${project}.${this.#domain}${port ? `:${port}` : ""}` : null;
  }
}
