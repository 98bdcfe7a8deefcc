// The page that stands in for one that can't be had, or not yet: fetches it with real progress, says what is wrong,
// and goes on by itself when somebody hosts it. It loads itself again at most once; everything else takes a person.
import { askForHosts, askForPage } from "./progress/node_question.js";
import { mayReload } from "./progress/own_reload.js";
import { failureWords } from "./progress/page_failure.js";
import { RetryPause } from "./progress/retry_pause.js";
import { WayPage } from "./progress/way_page.js";
import { hasOwnWorker, openByWorker } from "./progress/worker_way.js";

const page = new WayPage();
const pause = new RetryPause();
let attempt = new AbortController();

/** Fetches what the page needs, or finds out that it would come. */
function open() {
  page.begin();
  return hasOwnWorker(page.form) ? openByWorker((progress) => page.show(progress)) : askForPage();
}

/**
 * Asks for hosts until there is one.
 * @param {import("./progress/way_page.js").PageFailure} failure
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} false where that makes no sense, or somebody else tries
 */
async function waitForHost(failure, signal) {
  for (let now = /** @type {typeof failure | null} */ (failure); now; now = await askForHosts(page.project)) {
    if (signal.aborted) return false;
    page.fail(now);
    if (!failureWords(now.code)?.passes || page.project === "") return false;
    await pause.pass(signal);
  }
  return !signal.aborted;
}

/**
 * @param {import("./progress/way_page.js").PageFailure | null} failure that is known already
 * @param {boolean} byPerson
 */
async function travel(failure, byPerson) {
  attempt.abort();
  attempt = new AbortController();
  const { signal } = attempt;
  for (let now = failure ?? (await open()); now; now = await open()) {
    if (!(await waitForHost(now, signal))) return;
  }
  if (signal.aborted) return;
  if (byPerson || mayReload()) location.reload();
  else page.arrived();
}

page.again.addEventListener("click", (event) => {
  if (page.main.dataset.state === "arrived") return;
  event.preventDefault();
  pause.reset();
  void travel(null, true);
});

const isKnown = page.code !== "" && page.code !== "waiting";
void travel(isKnown ? page.served : null, false);
