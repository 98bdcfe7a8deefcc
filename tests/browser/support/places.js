// Where things are: the project's root, the binary under test, what setup has unpacked. No test writes outside of
// a temporary folder, but for screenshots.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const browserTests = resolve(import.meta.dirname, "..");
export const root = resolve(browserTests, "../..");
export const screenshots = join(browserTests, "screenshots");
/** What `setup` has fetched by package name. */
export const packages = join(root, "target/browser-packages");

/** The binary under test, built by this workspace. */
export function binary() {
  const path = process.env.CROWD_BIN || join(root, "target/debug/crowd");
  if (!existsSync(path)) throw new Error("build it first: cargo build -p crowd-cli");
  return path;
}

const made = [];
process.on("exit", () => made.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A folder that is gone when this process is. */
export function temporary(what = "x") {
  const folder = mkdtempSync(join(tmpdir(), `crowd-${what}-`));
  made.push(folder);
  return folder;
}
