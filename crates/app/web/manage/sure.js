// Asks a person twice before something that can't be undone.
import { say } from "../view/make.js";
import { namedPart } from "../view/named_part.js";

/**
 * @param {{title: string, text: string, yes: string, no: string}} words
 * @returns {Promise<boolean>}
 */
export function isSure({ title, text, yes, no }) {
  const dialog = namedPart("sure", HTMLDialogElement);
  say(namedPart("sure-title", HTMLElement), title);
  say(namedPart("sure-text", HTMLElement), text);
  say(namedPart("sure-yes", HTMLElement), yes);
  const stay = dialog.querySelector("[value=no]");
  if (stay) say(stay, no);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
