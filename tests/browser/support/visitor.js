// A person with a browser of their own: a context of Chromium that shares nothing with any other, and what it said and
// did: console, failed requests, every message of the channel "crowd" in each of its pages.
import { chromium } from "playwright-core";

import { eventually } from "./eventually.js";
import { temporary } from "./places.js";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];
/** No name but this machine's is looked up: whatever a page names, nothing leaves. */
const LOOPBACK = "MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE *.localhost , EXCLUDE 127.0.0.1";

const options = (resolver = LOOPBACK, extra = []) => ({
  executablePath: CHROMIUM,
  headless: true,
  args: [...ARGUMENTS, ...extra, `--host-resolver-rules=${resolver}`],
});

/** A Chromium that several visitors share, each with a profile of its own. */
export const launch = ({ resolver, flags } = {}) => chromium.launch(options(resolver, flags));

export class Visitor {
  /** Messages of the channel, in order: `{origin, message}`. */
  told = [];
  console = [];
  failed = [];
  requests = [];

  /** `context` options are Playwright's; `script` runs before any page's own; `shadows` opens closed shadow roots. */
  static async open(browser, { name = "visitor", script, shadows = false, ...context } = {}) {
    return new Visitor(name).#enter(await browser.newContext(context), { script, shadows });
  }

  /** One whose profile is in a folder, and outlives the browser. */
  static async withProfile(
    folder = temporary("profile"),
    { name = "visitor", script, shadows = false, ...context } = {},
  ) {
    const visitor = new Visitor(name);
    visitor.profile = folder;
    return visitor.#enter(await chromium.launchPersistentContext(folder, { ...options(), ...context }), {
      script,
      shadows,
    });
  }

  constructor(name) {
    this.name = name;
  }

  async #enter(context, { script, shadows }) {
    this.context = context;
    context.setDefaultTimeout(15_000);
    await context.exposeBinding("crowdTestTell", ({ frame }, message) => {
      if (frame.parentFrame() === null)
        this.told.push({ origin: origin(frame.url()), page: frame.page(), message });
    });
    await context.addInitScript(() => {
      if (window.top !== window) return;
      try {
        const channel = new BroadcastChannel("crowd");
        channel.onmessage = ({ data }) => window.crowdTestTell(data);
      } catch {
        // A sandboxed page has no channel.
      }
    });
    if (shadows) {
      await context.addInitScript(() => {
        const attach = Element.prototype.attachShadow;
        Element.prototype.attachShadow = function (init) {
          return attach.call(this, { ...init, mode: "open" });
        };
      });
    }
    if (script) await context.addInitScript(script);
    context.on("console", (message) =>
      this.console.push(`${message.type()} ${message.text()} @ ${message.page()?.url()}`),
    );
    context.on("weberror", (error) => this.console.push(`uncaught ${error.error()?.stack ?? error.error()}`));
    context.on("request", (request) => this.requests.push(request));
    context.on("requestfailed", (request) =>
      this.failed.push(`${request.url()} ${request.failure()?.errorText}`),
    );
    return this;
  }

  /** A new tab, and its answer to the address where one is given. */
  async page(url, goto = {}) {
    const page = await this.context.newPage();
    if (url) page.response = await page.goto(url, goto);
    return page;
  }

  /** A tab of somebody who has been here before: its page and all that it loads come from the worker. */
  async returning(node, project) {
    const page = await this.page(node.at(project));
    await this.ready(project);
    await page.reload();
    await this.controlled(page);
    return page;
  }

  messages(t, project) {
    const of = ({ origin, message }) => message.t === t && (!project || origin.startsWith(`${project}.`));
    return this.told.filter(of).map(({ message }) => message);
  }

  states(project) {
    return this.messages("state", project);
  }

  /** The newest status that the host told. */
  status(project) {
    return this.messages("status", project).at(-1);
  }

  async status_where(what, holds, project, options) {
    return eventually(
      `${this.name}: ${what}`,
      () => {
        const status = this.status(project);
        if (status && holds(status)) return status;
        throw new Error(`the last status is ${JSON.stringify(status)}`);
      },
      options,
    );
  }

  /** It is a host: state 12. */
  async ready(project, options) {
    return eventually(
      `${this.name} is a host of ${project}`,
      () => {
        const found = this.states(project).find((state) => state.state === 12);
        if (!found) throw new Error(`states so far: ${this.states(project).map((state) => state.state)}`);
        return found;
      },
      { within: 15_000, ...options },
    );
  }

  /** Has a worker that answers this page's requests. */
  async controlled(page) {
    await eventually("a worker controls the page", () =>
      page.evaluate(() => !!navigator.serviceWorker.controller),
    );
  }

  async close() {
    await this.context.close();
  }

  logs() {
    return [
      `--- ${this.name}: console`,
      ...this.console.slice(-30),
      `--- ${this.name}: failed requests`,
      ...this.failed.slice(-15),
      `--- ${this.name}: told`,
      ...this.told
        .slice(-25)
        .map(({ origin, message }) => `${origin} ${JSON.stringify(message).slice(0, 400)}`),
    ];
  }
}

function origin(url) {
  try {
    return new URL(url).host;
  } catch {
    return "";
  }
}
