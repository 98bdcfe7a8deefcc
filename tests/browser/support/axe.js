// What axe-core finds wrong with a page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails where `context`, or the whole page, has a serious fault. */
export async function check(tab, what, context) {
  await tab.evaluate(AXE);
  const { violations } = await tab.evaluate(
    (context) => window.axe.run(context ?? document, { resultTypes: ["violations"] }),
    context,
  );
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = serious.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(" | ")}`,
  );
  assert.deepEqual(told, [], what);
}
