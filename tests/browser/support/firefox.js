// Debian's Firefox, driven over WebDriver BiDi by a small client of our own: opens, evaluates, hears the channel "crowd".
// Everything but this machine's own addresses is sent to a proxy that isn't there.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import WebSocket from "ws";

import { eventually, within } from "./eventually.js";
import { temporary } from "./places.js";
import { Process } from "./process.js";

const FIREFOX = process.env.FIREFOX ?? "/usr/bin/firefox-esr";
const PREFERENCES = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "browser.startup.page": 0,
  "datareporting.policy.dataSubmissionEnabled": false,
  "network.proxy.http": "127.0.0.1",
  "network.proxy.http_port": 9,
  "network.proxy.no_proxies_on": "localhost, .localhost, 127.0.0.1",
  "network.proxy.ssl": "127.0.0.1",
  "network.proxy.ssl_port": 9,
  "network.proxy.type": 1,
  "toolkit.telemetry.enabled": false,
};

/** Why Firefox can't take part, or false. */
export const noFirefox = existsSync(FIREFOX)
  ? false
  : `${FIREFOX} is not installed: tests/browser/setup installs it`;

export class Firefox {
  told = [];
  console = [];
  #next = 1;
  #open = new Map();

  static async start(profile = temporary("firefox")) {
    const firefox = new Firefox();
    firefox.profile = profile;
    const lines = Object.entries(PREFERENCES).map(
      ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`,
    );
    writeFileSync(join(profile, "user.js"), lines.join("\n"));
    const flags = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"];
    firefox.process = new Process(FIREFOX, flags, {
      env: { MOZ_DISABLE_CONTENT_SANDBOX: "1", HOME: profile },
    });
    const address = await eventually(
      "Firefox listens",
      () => {
        if (!firefox.process.alive) throw new Error(`it has ended: ${firefox.process.log.slice(-3)}`);
        const lines = [...firefox.process.log, ...firefox.process.said];
        return lines.map((line) => line.match(/BiDi listening on (ws:\S+)/)?.[1]).find(Boolean);
      },
      { within: 30_000 },
    );
    await firefox.#connect(`${address}/session`);
    return firefox;
  }

  async #connect(address) {
    this.socket = new WebSocket(address);
    this.socket.on("message", (data) => this.#hear(JSON.parse(data)));
    this.socket.on("error", () => {});
    await within(10_000, "Firefox to answer", new Promise((done) => this.socket.once("open", done)));
    await this.send("session.new", { capabilities: {} });
    await this.send("session.subscribe", { events: ["log.entryAdded", "script.message"] });
    const listen = `(tell) => {
      if (window.top !== window) return;
      try { new BroadcastChannel("crowd").onmessage = ({ data }) => tell(JSON.stringify({ host: location.host, data })); } catch {}
    }`;
    await this.send("script.addPreloadScript", {
      functionDeclaration: listen,
      arguments: [{ type: "channel", value: { channel: "crowd", ownership: "none" } }],
    });
    this.tab = (await this.send("browsingContext.getTree", {})).contexts[0].context;
  }

  send(method, params) {
    const id = (this.#next += 1);
    const answer = new Promise((done, fail) => this.#open.set(id, { done, fail }));
    this.socket.send(JSON.stringify({ id, method, params }));
    return within(30_000, `Firefox to do ${method}`, answer);
  }

  #hear({ id, type, method, params, result, error, message }) {
    if (type === "event") {
      if (method === "log.entryAdded") this.console.push(`${params.level} ${params.text}`);
      if (method === "script.message") this.told.push(JSON.parse(params.data.value));
      return;
    }
    const open = this.#open.get(id);
    this.#open.delete(id);
    if (type === "success") open?.done(result);
    else open?.fail(new Error(`${error}: ${message}`));
  }

  async goto(url) {
    await this.send("browsingContext.navigate", { context: this.tab, url, wait: "complete" });
  }

  async reload() {
    await this.send("browsingContext.reload", { context: this.tab, wait: "complete" });
  }

  /** The value of an expression in the page; a promise is awaited. Text, numbers, truth and null only. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send("script.evaluate", {
      expression,
      target: { context: this.tab },
      awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result.value ?? null;
  }

  title() {
    return this.evaluate("document.title");
  }

  states(project) {
    const of = ({ host, data }) => data.t === "state" && host.startsWith(`${project}.`);
    return this.told.filter(of).map(({ data }) => data);
  }

  async close() {
    await this.send("browser.close", {}).catch(() => {});
    this.socket.terminate();
    await within(10_000, "Firefox to end", this.process.ended).catch(() => this.process.kill());
  }

  logs() {
    const told = this.told.slice(-20).map((told) => JSON.stringify(told).slice(0, 300));
    return ["--- firefox: console", ...this.console.slice(-30), "--- firefox: told", ...told];
  }
}
