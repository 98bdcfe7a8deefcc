// Pictures of screens, into tests/browser/screenshots, to be looked at. Blank ones fail.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { screenshots } from "./places.js";

/** Takes the picture and counts how many different colours are in it, by the browser's own decoder. */
export async function take(tab, name, options = {}) {
  mkdirSync(screenshots, { recursive: true });
  await tab.evaluate(() => document.fonts.ready.then(() => null));
  const png = await tab.screenshot({ path: join(screenshots, `${name}.png`), ...options });
  const blank = await tab.context().newPage();
  const colours = await blank.evaluate(async (base64) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
    const canvas = new OffscreenCanvas(200, 150);
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0, 200, 150);
    const { data } = context.getImageData(0, 0, 200, 150);
    const seen = new Set();
    for (let at = 0; at < data.length; at += 4)
      seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
    return seen.size;
  }, png.toString("base64"));
  await blank.close();
  assert(colours > 30, `${name} has only ${colours} colours`);
}
