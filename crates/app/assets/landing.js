// The landing page of a node: opens a project by its name or crowd address, and lists what was
// opened from here. It keeps that list in this browser only; it never fetches anything.
"use strict";

(() => {
  const NAME = /^(?!xn--)(?!(?:www|localhost)$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
  const KEY = "crowd.opened";
  const MOST = 12;
  const find = (selector) => document.querySelector(selector);
  const say = find("#say");
  const input = find("#address");

  // An address → where it leads, or a sentence for the person who typed it.
  // Answers { project, path, server } (server "" for this node) or { error }.
  function parse(text) {
    let rest = text.trim();
    if (!rest) return { error: "Type the name of a project first." };
    let server = "";
    const scheme = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(rest);
    if (scheme) {
      const authority = scheme[2].toLowerCase(), tail = scheme[3].replace(/^\//, "");
      const isServer = /[.:]/.test(authority) || authority === "localhost";
      if (/^https?$/i.test(scheme[1])) {
        if (authority !== location.host) return { error: "That is a web address elsewhere. Open it from your browser’s address bar." };
        rest = tail;
      } else if (scheme[1].toLowerCase() !== "crowd") {
        return { error: "An address of the crowd begins with crowd://" };
      } else if (isServer) {
        if (!here(authority)) server = authority;
        rest = tail;
      } else {
        rest = `${authority}/${tail}`;
      }
    }
    const cut = /^([^/?#]*)\/?(.*)$/s.exec(rest);
    const project = cut[1].toLowerCase();
    const path = rest.slice(cut[1].length).replace(/^\//, "");
    if (!project) return { error: "That address names a server but no project. Add one after the slash." };
    if (!NAME.test(project)) return { error: "A project’s name has only the letters a to z, digits and hyphens, and at most 63 of them." };
    const plain = path.replace(/[?#].*$/s, "");
    let decoded;
    try { decoded = decodeURIComponent(plain); } catch { return { error: "That path is not written the way an address is: a % needs two digits after it." }; }
    if (/[\\\u0000-\u001f\u007f]/.test(decoded) || decoded.split("/").some((part, i, all) => part === "." || part === ".." || (part === "" && i < all.length - 1))) {
      return { error: "That path has a part which no file can have." };
    }
    return { project, path, server };
  }

  // Is this authority the node that served this page?
  function here(authority) {
    if (authority === location.host) return true;
    const standard = location.protocol === "https:" ? "443" : "80";
    if (authority === `${location.hostname}:${location.port || standard}`) return true;
    // Without a port an address means 443, and where that is refused 7000.
    return authority === location.hostname && (location.port === "" || location.port === "7000");
  }

  // A URL whose path stays a path, whatever was typed.
  const lead = ({ project, path }) => `/${project}/${path.split(/([?#].*)/s).map((part, i) => (i === 1 ? part : part.replace(/[^\w\-.~!$&'()*+,;=:@/%]/gu, encodeURIComponent))).join("")}`;

  function remote({ server, project, path }) {
    const local = /^(localhost|127\.|\[::1\])/.test(server) || server.endsWith(":7000");
    return `${local ? "http" : "https"}://${server}${lead({ project, path })}`;
  }

  // ---- the list, which may be impossible to keep: then there is none ----

  function recall() {
    try {
      const list = JSON.parse(localStorage.getItem(KEY) || "[]");
      return Array.isArray(list) ? list.filter((name) => typeof name === "string" && NAME.test(name)).slice(0, MOST) : [];
    } catch { return []; }
  }
  function keep(list) {
    try { localStorage.setItem(KEY, JSON.stringify(list.slice(0, MOST))); } catch { /* nothing is kept, then */ }
  }

  function show() {
    const list = recall();
    const given = find('meta[name="crowd-domain"]').content.trim();
    const domain = given && !given.includes("{") ? given : location.hostname === "localhost" ? "localhost" : "";
    find("#recent").hidden = list.length === 0;
    find(".recent").replaceChildren(...list.map((name) => {
      const item = document.createElement("li");
      const link = (text, href) => {
        const a = document.createElement("a");
        a.textContent = text;
        a.href = href;
        item.append(a);
      };
      link(name, `/${name}/`);
      if (domain) link("Storage and hosting", `${location.protocol}//${name}.${domain}${location.port ? `:${location.port}` : ""}/.crowd/manage`);
      return item;
    }));
  }

  function open(text) {
    const to = parse(text);
    say.replaceChildren();
    if (to.error) {
      say.textContent = to.error;
      input.setAttribute("aria-invalid", "true");
      input.focus();
      return;
    }
    input.removeAttribute("aria-invalid");
    if (to.server) {
      const a = document.createElement("a");
      a.href = remote(to);
      a.textContent = a.href;
      say.append("That project is on another server: ", a);
      return;
    }
    keep([to.project, ...recall().filter((name) => name !== to.project)]);
    location.assign(lead(to));
  }

  find("#open").addEventListener("submit", (event) => {
    event.preventDefault();
    open(input.value);
  });
  find("#forget").addEventListener("click", () => {
    try { localStorage.removeItem(KEY); } catch { /* nothing was kept */ }
    show();
    input.focus();
  });
  input.addEventListener("input", () => { say.textContent = ""; input.removeAttribute("aria-invalid"); });

  for (const span of document.querySelectorAll("[data-origin]")) span.textContent = location.origin;
  for (const span of document.querySelectorAll("[data-host]")) span.textContent = location.host;
  find("#plain").hidden = isSecureContext;
  show();
  addEventListener("pageshow", show);

  // The form was sent before this script was there: go on from where it got to.
  const asked = new URLSearchParams(location.search).get("open");
  if (asked) {
    history.replaceState(null, "", "/");
    input.value = asked;
    open(asked);
  }
})();
