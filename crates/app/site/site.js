// The one script of this site: it moves the charts, counts the links of the crowd that
// were reached, and hashes a file on request. Without it every page reads the same.
// It keeps nothing and asks for nothing but files of this site.
"use strict";

(() => {
  const NS = "http://www.w3.org/2000/svg";
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  document.documentElement.classList.add("lively");

  const draw = (parent, name, attributes) => {
    const node = document.createElementNS(NS, name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    return parent.appendChild(node);
  };
  const near = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
  const pick = (list) => list[Math.floor(Math.random() * list.length)];

  // ---- one clock per chart: it stands still when paused, hidden or out of sight ----

  class Clock {
    constructor(element) {
      this.tasks = new Set();
      this.paused = false;
      this.seen = false;
      this.last = 0;
      this.frame = 0;
      new IntersectionObserver(([entry]) => { this.seen = entry.isIntersecting; this.wake(); }).observe(element);
      document.addEventListener("visibilitychange", () => this.wake());
    }
    wake() {
      const run = !this.paused && this.seen && !document.hidden && this.tasks.size > 0;
      if (run && !this.frame) {
        this.last = 0;
        this.frame = requestAnimationFrame((now) => this.tick(now));
      }
    }
    tick(now) {
      this.frame = 0;
      const dt = this.last ? Math.min(now - this.last, 60) : 16;
      for (const task of [...this.tasks]) {
        task.spent += dt;
        const part = Math.min(task.spent / task.ms, 1);
        task.each(part);
        if (part === 1) { this.tasks.delete(task); task.done(); }
      }
      if (!this.paused && this.seen && !document.hidden && this.tasks.size) {
        this.frame = requestAnimationFrame((next) => this.tick(next));
        this.last = now;
      }
    }
    run(ms, each = () => {}) {
      return new Promise((done) => {
        this.tasks.add({ ms, each, done, spent: 0 });
        this.wake();
      });
    }
    // Drops what is under way; whoever waits for it is never resumed.
    clear() { this.tasks.clear(); }
  }

  // ---- a chart: lights (nodes), readers (peers), and what sails between them ----

  class Chart {
    constructor(figure) {
      this.svg = figure.querySelector("svg");
      this.clock = new Clock(this.svg);
      this.layer = (name) => this.svg.querySelector(`[data-layer="${name}"]`);
      this.lights = {};
      for (const group of this.svg.querySelectorAll("[data-light]")) {
        const [x, y] = group.dataset.at.split(" ").map(Number);
        this.lights[group.dataset.light] = { name: group.dataset.light, x, y, group };
      }
      this.readers = [...this.svg.querySelectorAll(".reader")].map((dot) => ({
        dot,
        name: dot.dataset.reader,
        x: Number(dot.getAttribute("cx")),
        y: Number(dot.getAttribute("cy")),
        hosts: dot.classList.contains("hosts"),
      }));
      for (const reader of this.readers) this.moor(reader);
    }
    moor(reader, light) {
      reader.light = light || Object.values(this.lights).sort((a, b) => near(a, reader) - near(b, reader))[0];
      reader.tie = draw(this.layer("ties"), "line", { class: "tie", x1: reader.x, y1: reader.y, x2: reader.light.x, y2: reader.light.y });
    }
    ring(point) {
      const ring = draw(this.layer("ships"), "circle", { class: "ring", cx: point.x, cy: point.y, r: 16 });
      setTimeout(() => ring.remove(), 1300);
      if (point.group) {
        point.group.classList.add("on");
        setTimeout(() => point.group.classList.remove("on"), 900);
      }
    }
    // One leg of a sessioncast. The course stays until it is cleared by `calmSea`.
    async sail(points, { back = false, late = 0, shift = 0 } = {}) {
      if (late) await this.clock.run(late);
      const at = points.map((p) => ({ x: p.x, y: p.y + shift, of: p }));
      const lengths = at.slice(1).map((p, i) => near(p, at[i]));
      const whole = lengths.reduce((a, b) => a + b, 0);
      const course = draw(this.layer("courses"), "polyline", { class: back ? "course back" : "course" });
      const ship = draw(this.layer("ships"), back ? "rect" : "circle", back ? { class: "ship", width: 13, height: 13, x: -6.5, y: -6.5 } : { class: "ship", r: 6.5 });
      let reached = 0;
      const put = (part) => {
        let left = part * whole, i = 0;
        while (i < lengths.length - 1 && left > lengths[i]) left -= lengths[i++];
        const k = lengths[i] ? Math.min(left / lengths[i], 1) : 1;
        const x = at[i].x + (at[i + 1].x - at[i].x) * k, y = at[i].y + (at[i + 1].y - at[i].y) * k;
        ship.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
        course.setAttribute("points", [...at.slice(0, i + 1), { x, y }].map((p) => `${p.x.toFixed(1)},${p.y.toFixed(1)}`).join(" "));
        const now = part === 1 ? i + 1 : i;
        if (now > reached) { reached = now; if (at[now].of.group) this.ring(at[now].of); }
      };
      if (calm.matches) { put(1); await this.clock.run(500); }
      else {
        put(0);
        await this.clock.run(Math.max(500, whole * 4.2), (part) => put(part < .5 ? 2 * part * part : 1 - 2 * (1 - part) ** 2));
      }
      ship.remove();
    }
    calmSea() {
      for (const course of this.layer("courses").children) {
        course.classList.add("fade");
        setTimeout(() => course.remove(), 950);
      }
    }
    place(event) {
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
      return { x: point.x, y: point.y };
    }
  }

  // ---- the front page: arrive as a new reader ----

  function openSea(figure) {
    const chart = new Chart(figure), { clock } = chart;
    const say = figure.querySelector("output");
    const pause = figure.querySelector("[data-do=pause]");
    const lights = Object.values(chart.lights);
    const most = chart.readers.length + 8;
    let busy = false, waiting = null;

    const count = () => `${chart.readers.filter((r) => r.hosts).length} readers are hosting in this simulation.`;
    const free = (p) => lights.every((l) => near(l, p) > 52) && chart.readers.every((r) => near(r, p) > 30);
    const somewhere = () => {
      for (let i = 0; i < 200; i++) {
        const p = { x: 24 + Math.random() * 592, y: 24 + Math.random() * 512 };
        if (free(p)) return p;
      }
      return null;
    };

    async function arrive(spot, byHand) {
      if (busy) { waiting = { spot, byHand }; return; }
      busy = true;
      say.setAttribute("aria-live", byHand ? "polite" : "off");
      if (chart.readers.length >= most) {
        const old = chart.readers.splice(3 + Math.floor(Math.random() * (chart.readers.length - 6)), 1)[0];
        old.dot.classList.add("gone");
        old.tie.remove();
        setTimeout(() => old.dot.remove(), 900);
      }
      const dot = draw(chart.layer("readers"), "circle", { class: byHand ? "reader you" : "reader", cx: spot.x, cy: spot.y, r: 8 });
      const reader = { dot, x: spot.x, y: spot.y, hosts: false };
      chart.moor(reader);
      const hosts = chart.readers.filter((r) => r.hosts);
      const elsewhere = hosts.filter((r) => r.light !== reader.light);
      const host = pick(elsewhere.length && Math.random() < .75 ? elsewhere : hosts);
      chart.readers.push(reader);
      const who = byHand ? "You ask" : "A reader asks";
      const way = [reader, reader.light, ...(host.light === reader.light ? [] : [host.light]), host];
      say.textContent = `${who} node ${reader.light.name} for a page.` +
        (host.light === reader.light ? " One of its own readers has it." : ` A reader at node ${host.light.name} has it.`);
      await chart.sail(way);
      await clock.run(250);
      say.textContent = `That reader answers. Node ${host.light.name} hashes the bytes before it passes them on.`;
      await chart.sail([...way].reverse(), { back: true });
      reader.hosts = true;
      dot.classList.add("hosts");
      chart.ring(reader);
      say.textContent = `${byHand ? "You have" : "The new reader has"} the page, and can answer the next one. ${count()}`;
      await clock.run(900);
      chart.calmSea();
      await clock.run(400);
      busy = false;
      if (waiting) { const next = waiting; waiting = null; arrive(next.spot, next.byHand); }
    }

    const go = (spot) => {
      if (clock.paused) toggle();
      if (spot) arrive(spot, true);
    };
    const toggle = () => {
      clock.paused = !clock.paused;
      pause.textContent = clock.paused ? "Go on" : "Pause";
      clock.wake();
    };
    figure.querySelector("[data-do=arrive]").addEventListener("click", () => go(somewhere()));
    pause.addEventListener("click", toggle);
    chart.svg.querySelector(".tap").addEventListener("click", (event) => {
      const spot = chart.place(event);
      if (lights.every((l) => near(l, spot) > 34)) go(spot);
    });

    say.textContent = `${count()} Press anywhere on the water to arrive as one more.`;
    (async () => {
      if (calm.matches) return;
      await clock.run(1600);
      for (;;) {
        const spot = somewhere();
        if (!busy && spot) await arrive(spot, false);
        await clock.run(3800);
      }
    })();
  }

  // ---- how it works: the twelve states, one by one ----

  const STATES = [
    { go: ["you a"] },
    { go: ["a b r1"] },
    { go: ["r1 b"], back: true },
    { ring: "b", go: ["b a"], back: true },
    { go: ["a you"], back: true },
    { ring: "you" },
    { go: ["you a", "you a", "you a"] },
    { go: ["a b r1", "a c r2", "a c r3"] },
    { go: ["r1 b", "r2 c", "r3 c"], back: true },
    { ring: "b c", go: ["b a", "c a", "c a"], back: true },
    { go: ["a you", "a you", "a you"], back: true },
    { ring: "you" },
  ];

  function voyage(figure) {
    const chart = new Chart(figure), { clock } = chart;
    const steps = [...document.querySelectorAll("[data-steps] > li")];
    const say = figure.querySelector("output");
    const control = (name) => figure.querySelector(`[data-do=${name}]`);
    const point = (name) => chart.lights[name] || chart.readers.find((r) => r.name === name);
    let now = -1, playing = false;

    async function show(index) {
      clock.clear();
      for (const ship of chart.layer("ships").querySelectorAll(".ship")) ship.remove();
      chart.calmSea();
      now = index;
      steps.forEach((li, i) => (i === index ? li.setAttribute("aria-current", "step") : li.removeAttribute("aria-current")));
      say.textContent = `State ${index + 1} of ${steps.length}: ${steps[index].textContent.trim()}`;
      control("back").disabled = index === 0;
      control("next").disabled = index === steps.length - 1;
      const state = STATES[index];
      point("you").dot.classList.toggle("hosts", index === STATES.length - 1);
      for (const name of (state.ring || "").split(" ").filter(Boolean)) chart.ring(point(name));
      if (state.ring) await clock.run(900);
      const seen = {};
      await Promise.all((state.go || []).map((way) => {
        const nth = (seen[way] = (seen[way] || 0) + 1) - 1;
        const lane = state.go.length > 1 && state.go.filter((w) => w === way).length > 1 ? (nth - 1) * 9 : 0;
        return chart.sail(way.split(" ").map(point), { back: state.back, late: nth * 260, shift: lane });
      }));
      await clock.run(1100);
      if (playing && index < STATES.length - 1) show(index + 1);
      else if (playing) play(false);
    }
    const play = (on) => {
      playing = on;
      control("play").textContent = on ? "Stop" : "Play all twelve";
      say.setAttribute("aria-live", on ? "off" : "polite");
    };
    control("play").addEventListener("click", () => {
      play(!playing);
      if (playing) show(now < 0 || now === STATES.length - 1 ? 0 : now);
    });
    control("back").addEventListener("click", () => { play(false); show(Math.max(now - 1, 0)); });
    control("next").addEventListener("click", () => { play(false); show(Math.min(now + 1, STATES.length - 1)); });
    steps.forEach((li, i) => li.addEventListener("click", () => { play(false); show(i); }));
    show(0);
  }

  // ---- links of the crowd: what was reached? ----

  function count(section) {
    const say = section.querySelector("output");
    const images = [...section.querySelectorAll(".view img")];
    const lamps = [...section.querySelectorAll(".lamp")];
    const all = images.length + lamps.length;
    let before = -1, looks = 0;
    const look = () => {
      const lit = images.filter((i) => i.complete && i.naturalWidth > 0).length +
        lamps.filter((l) => getComputedStyle(l).getPropertyValue("--reached").trim() === "1").length;
      if (lit !== before) {
        before = lit;
        say.textContent = lit === all ? `All ${all} were reached through the crowd.`
          : lit ? `${lit} of ${all} were reached. An address on another server, or one that nobody hosts just now, stays dark.`
          : `None of the ${all} has been reached: this copy of the page came without the crowd, where a crowd address means nothing to a browser. The rest of the site does not mind.`;
      }
      if (lit < all && ++looks < 20) setTimeout(look, 1000);
    };
    for (const image of images) image.addEventListener("load", look);
    if (document.readyState === "complete") look();
    else addEventListener("load", look);
  }

  // ---- verify: hash a file, chunk by chunk ----

  function hashes(box) {
    const button = box.querySelector("button"), say = box.querySelector("output");
    const cells = [...box.querySelectorAll("li")];
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        if (!globalThis.crypto || !crypto.subtle) {
          say.textContent = "This browser hashes only on https or localhost. The command below does it anywhere.";
          return;
        }
        say.textContent = "Reading the file…";
        const answer = await fetch(box.dataset.file);
        if (!answer.ok) throw new Error(answer.status);
        const bytes = await answer.arrayBuffer();
        let right = 0;
        for (let i = 0; i < cells.length; i++) {
          const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice(i * 65536, (i + 1) * 65536)));
          const found = [...sum.slice(0, 2)].map((b) => b.toString(16).padStart(2, "0")).join("");
          const same = found === cells[i].textContent.trim();
          right += same;
          cells[i].classList.toggle("ok", same);
          if (!calm.matches) await new Promise((next) => setTimeout(next, 45));
        }
        say.textContent = right === cells.length
          ? `All ${right} chunks are what this page says they are.`
          : `${right} of ${cells.length} chunks are what this page says. Somebody has changed the file, or this list.`;
      } catch (error) {
        say.textContent = "The file could not be read just now.";
      } finally {
        button.disabled = false;
      }
    });
  }

  for (const [selector, start] of [["[data-chart=open]", openSea], ["[data-chart=voyage]", voyage], ["[data-count]", count], ["[data-file]", hashes]]) {
    for (const element of document.querySelectorAll(selector)) start(element);
  }
})();
