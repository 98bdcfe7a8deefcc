// `crowd publish` as a process with a key of its own.
import { binary, temporary } from "./places.js";
import { Process } from "./process.js";

export class Publisher {
  constructor(folder, name, node, config = temporary("publisher")) {
    Object.assign(this, { folder, name, node, config });
  }

  /** Publishes, and hosts until it is stopped. */
  static async start(folder, { name, node, config, flags = [] }) {
    const publisher = new Publisher(folder, name, node, config);
    await publisher.publish(flags);
    return publisher;
  }

  /** Publishes what is in the folder now; a further time it is the next version. */
  async publish(flags = []) {
    await this.stop();
    const args = ["publish", this.folder, "--name", this.name, "--node", this.node.url, "--json", ...flags];
    this.process = new Process(binary(), args, { env: { CROWD_CONFIG_DIR: this.config } });
    this.told = await this.process.line(
      "it is published",
      (line) => line.includes("published") && JSON.parse(line),
    );
  }

  async stop() {
    await this.process?.kill("SIGTERM");
  }
}
