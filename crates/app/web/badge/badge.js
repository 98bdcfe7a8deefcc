// Keeps mark, panel and notice in step with what the host and the browser say. Made by showBadge, one a page. What it
// orders goes to the host over the channel; it orders nothing by itself.
import { make, onPress, say } from "../view/make.js";
import { BadgePanel } from "./badge_panel.js";
import { readHostNews } from "./host_status.js";
import { HostingNotice } from "./hosting_notice.js";
import { isHostingWanted } from "./hosting_words.js";
import { BadgeMark } from "./mark.js";
import { showVersion } from "./newer_version.js";

/**
 * @typedef {object} BadgePage
 * @property {string} project
 * @property {number} version
 * @property {boolean} verified the page itself came from checked chunks
 * @property {string} noticed what of notice, ask and metered a person has answered before, or "all"
 * @property {(what: "hosting" | "keepAll", value: unknown) => void} order
 * @property {(noticed: string) => void} noticing remembers that
 * @property {() => void} hide
 */

export class Badge {
  /** @param {BadgePage} page */
  constructor(page) {
    this.page = page;
    this.noticed = page.noticed;
    this.news = readHostNews({ connected: true, version: page.version });
    this.isHeard = false;
    /** @param {boolean} on */
    const hosting = (on) => {
      this.noticed = "all";
      page.noticing("all");
      page.order("hosting", on ? "on" : "off");
    };
    this.mark = new BadgeMark();
    this.notice = new HostingNotice(hosting, () => this.#dismiss());
    this.panel = new BadgePanel(page, {
      hosting,
      keepAll(on) {
        // The sensible moment to ask for it: a person wants something kept.
        if (on) void navigator.storage?.persist?.();
        page.order("keepAll", on);
      },
      accept: () => void showVersion(this.news.newer),
      hide: page.hide,
    });
    this.status = make("p", { class: "status", role: "status" });
    this.mark.button.setAttribute("aria-controls", "panel");
    onPress(this.mark.button, () => this.open(!this.isOpen));
    this.open(false);
  }

  get parts() {
    return [this.mark.button, this.panel.element, this.notice.element, this.status];
  }

  get isOpen() {
    return !this.panel.element.hidden;
  }

  /** @param {boolean} open */
  open(open) {
    this.panel.element.hidden = !open;
    this.mark.button.ariaExpanded = String(open);
    this.show();
  }

  /** Escape, from anywhere in the badge. */
  escape() {
    if (!this.isOpen) return;
    this.open(false);
    this.mark.button.focus();
  }

  /** @param {object} message of type status */
  hear(message) {
    const before = this.news;
    const news = readHostNews(message);
    // A version that was announced stays on offer until it is shown; so does one that is here and not on this page.
    const known = Math.max(before.newer, news.version);
    news.newer ||= known > this.page.version ? known : 0;
    this.news = news;
    if (this.isHeard) this.#tell(before, news);
    this.isHeard = true;
    this.show();
  }

  /** @param {unknown} version */
  offer(version) {
    if (typeof version === "number" && version > this.page.version)
      this.hear({ ...this.news, newer: version });
  }

  show() {
    const { news, page } = this;
    const offline = !navigator.onLine || !news.connected;
    const lit = news.hosting === "on" && this.isHeard && !offline;
    const sign = news.newer ? "newer" : offline ? "offline" : page.verified ? "verified" : "plain";
    const words = {
      newer: "a newer version is here",
      offline: "offline",
      verified: "verified",
      plain: "shown by the node",
    };
    this.mark.show(sign, lit, `${page.project}: ${words[sign]}${lit ? ", you help host it" : ""}`);
    this.panel.show(news, offline);
    this.#showNotice();
  }

  #showNotice() {
    const { hosting } = this.news;
    const kind = hosting === "on" ? "notice" : hosting === "ask" || hosting === "metered" ? hosting : null;
    const isNew = this.isHeard && kind && this.noticed !== "all" && !this.noticed.split(" ").includes(kind);
    if (isNew && this.notice.kind !== kind) say(this.status, this.notice.begin(kind));
    this.notice.show(isHostingWanted(hosting), !this.isOpen);
  }

  #dismiss() {
    if (this.noticed !== "all") {
      this.noticed = `${this.noticed} ${this.notice.kind}`.trim();
      this.page.noticing(this.noticed);
    }
    this.notice.kind = null;
    this.show();
    this.mark.button.focus();
  }

  /**
   * @param {import("./host_status.js").HostNews} before
   * @param {import("./host_status.js").HostNews} now
   */
  #tell(before, now) {
    if (now.newer && !before.newer) say(this.status, "A newer version is here.");
    else if (before.connected !== now.connected) say(this.status, now.connected ? "Connected." : "Offline.");
    else if (isHostingWanted(before.hosting) !== isHostingWanted(now.hosting)) {
      say(this.status, isHostingWanted(now.hosting) ? "Hosting is on." : "Hosting is off.");
    } else if (now.keepAll && now.keepDone === 1 && before.keepDone < 1)
      say(this.status, "All of it is kept.");
  }
}
