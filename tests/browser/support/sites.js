// The sites that visitors see: the sample site, two real ones from packages, and small ones made here.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { binary, packages, temporary } from "./places.js";

/** The boilerplate project as `crowd new` writes it for `name`; what it says of a server is said of `server`. */
export function sampleSite(name, server) {
  const folder = join(temporary("sample"), name);
  execFileSync(binary(), ["new", folder], { env: { CROWD_CONFIG_DIR: temporary("config") } });
  for (const file of readdirSync(folder, { recursive: true })) {
    if (!file.endsWith(".html")) continue;
    const text = readFileSync(join(folder, file), "utf8");
    writeFileSync(join(folder, file), text.replaceAll("localhost:7000", server));
  }
  return folder;
}

/** Documentation made by Sphinx, with search, as Debian ships it. Its links to shared scripts are followed. */
export function sphinxSite() {
  return copy("/usr/share/doc/python-chardet-doc/html");
}

/** A single-page app with addresses of its own, as its package ships it; only the settings say that it is one. */
export function singlePageApp() {
  const folder = copy(join(packages, "spa"));
  for (const name of readdirSync(folder, { recursive: true })) {
    // As its own deployment does: what is for debuggers only stays at home.
    if (name.endsWith(".map")) rmSync(join(folder, name));
  }
  writeFileSync(join(folder, "crowd.toml"), "spa = true\n");
  return folder;
}

function copy(from) {
  if (!existsSync(from)) throw new Error(`${from} is missing: run tests/browser/setup`);
  const folder = join(temporary("site"), "site");
  cpSync(from, folder, { recursive: true, dereference: true });
  return folder;
}

/** A font that the system has. */
export const font = () => readFileSync("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf");

/** A tone as WAV: `seconds` of 8-bit mono. */
export function tone(seconds, rate = 8_000) {
  const size = seconds * rate;
  const wav = Buffer.alloc(44 + size);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(36 + size, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate, 28);
  wav.writeUInt16LE(1, 32);
  wav.writeUInt16LE(8, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(size, 40);
  for (let at = 0; at < size; at += 1) wav[44 + at] = 128 + 100 * Math.sin((at * 440 * 2 * Math.PI) / rate);
  return wav;
}

/** A picture of one colour, `width` × `height`, uncompressed: as large as a test wants it. */
export function picture(width, height = width, colour = [40, 90, 160]) {
  const size = width * height * 3 + (width % 4) * height;
  const bmp = Buffer.alloc(54 + size);
  bmp.write("BM", 0);
  bmp.writeUInt32LE(54 + size, 2);
  bmp.writeUInt32LE(54, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(width, 18);
  bmp.writeInt32LE(height, 22);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(24, 28);
  bmp.writeUInt32LE(size, 34);
  const row = width * 3 + (width % 4);
  for (let y = 0; y < height; y += 1) {
    // Every row differs, so that no two chunks are the same.
    for (let x = 0; x < width; x += 1)
      bmp.set([(colour[2] + y) % 256, colour[1], colour[0]], 54 + y * row + x * 3);
  }
  return bmp;
}

/** A picture as text, that says its colour. */
export const svg = (colour) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><rect width="20" height="20" fill="${colour}"/></svg>`;

/** A page with a title. */
export const page = (title, body = "", head = "") =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>${head}</head><body><h1>${title}</h1>${body}</body></html>`;
