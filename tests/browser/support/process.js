// A child process whose lines are kept: for waiting for one, and for telling what it said when a test fails.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import { createInterface } from "node:readline";

import { eventually } from "./eventually.js";

const KEPT = 2_000;
const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

export class Process {
  constructor(program, args, { env = {} } = {}) {
    this.said = [];
    this.log = [];
    // Nothing of the user's own settings gets in.
    const clean = Object.fromEntries(
      Object.entries(process.env).filter(([key]) => !key.startsWith("CROWD_")),
    );
    this.child = spawn(program, args, { env: { ...clean, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    running.add(this.child);
    preferred(this.child.pid);
    this.child.on("error", (error) => this.log.push(String(error)));
    this.ended = once(this.child, "exit").then(([code, signal]) => {
      running.delete(this.child);
      return { code, signal };
    });
    const keep = (list) => (line) => list.push(line) > KEPT && list.shift();
    createInterface(this.child.stdout).on("line", keep(this.said));
    createInterface(this.child.stderr).on("line", keep(this.log));
  }

  get alive() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What `pick` makes of the first line on standard output that it makes something of. */
  async line(what, pick, options) {
    return eventually(
      what,
      () => {
        for (const line of this.said) {
          const found = pick(line);
          if (found) return found;
        }
        if (!this.alive) throw new Error(`it has ended: ${this.log.slice(-3).join(" | ")}`);
        return null;
      },
      { within: 20_000, every: 20, ...options },
    );
  }

  /** Ends it, by its own id, and waits until it is gone. */
  async kill(signal = "SIGKILL") {
    if (this.alive) this.child.kill(signal);
    return this.ended;
  }
}

/** Nodes come before browsers: a machine that is busy drawing must not look like a cluster that falls apart. */
function preferred(pid) {
  try {
    setPriority(pid, -10);
  } catch {
    // Not everybody may.
  }
}
