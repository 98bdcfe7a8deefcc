// The lines that tell a node's operator which site is meant, to be copied into a message to them.
import { onPress, say } from "../view/make.js";
import { namedPart } from "../view/named_part.js";

export class ReportLines {
  #text = namedPart("report-text", HTMLElement);

  /** @param {(text: string) => void} tell */
  constructor(tell) {
    const copy = namedPart("report-copy", HTMLButtonElement);
    onPress(copy, async () => {
      try {
        await navigator.clipboard.writeText(this.#text.textContent);
        tell("Copied.");
      } catch {
        getSelection()?.selectAllChildren(this.#text);
        tell("The lines are selected: copy them with the keyboard.");
      }
    });
  }

  /** @param {{project: string, version: number, owner: string, node: string, trace: string}} about */
  show({ project, version, owner, node, trace }) {
    say(namedPart("report-node", HTMLElement), node);
    const lines = [
      ["site", location.origin],
      ["project", project],
      ["version", version ? String(version) : "unknown"],
      ["owner", owner || "unknown"],
      ["node", node],
      ["trace", trace || "none: the node could not be asked"],
    ];
    say(this.#text, lines.map(([name, value]) => `${`${name}:`.padEnd(9)}${value}`).join("\n"));
  }
}
