// The badge in a page's corner, loaded by boot behind everything else: what this page is, who hosts it, and the
// switches for that. It shows what the host says and hands on what a person presses, and does nothing for a script.
import { Badge } from "./badge/badge.js";
import { keepInMind, toldBefore } from "./badge/badge_memory.js";
import { placeBadge } from "./badge/badge_root.js";
import { BADGE_CSS } from "./badge/badge_sheet.js";
import { isPageVerified } from "./badge/page_trust.js";

/** @param {{channel: BroadcastChannel, project: string, version: number}} page */
export async function showBadge({ channel, project, version }) {
  const [shown, noticed] = await Promise.all([toldBefore("badge"), toldBefore("noticed")]);
  if (shown === "hidden") return;
  const { host, root } = placeBadge(BADGE_CSS);
  const gone = new AbortController();
  const badge = new Badge({
    project,
    version,
    verified: isPageVerified(),
    noticed,
    order: (what, value) => channel.postMessage({ t: "set", what, value }),
    noticing: (kinds) => void keepInMind("noticed", kinds),
    hide() {
      void keepInMind("badge", "hidden");
      gone.abort();
      host.remove();
    },
  });
  root.append(...badge.parts);

  const { signal } = gone;
  channel.addEventListener(
    "message",
    ({ data }) => {
      if (data?.t === "status") badge.hear(data);
      if (data?.t === "newer") badge.offer(data.version);
    },
    { signal },
  );
  root.addEventListener("keydown", (event) => {
    if (event instanceof KeyboardEvent && event.key === "Escape") badge.escape();
  });
  // A press elsewhere closes the panel. From in here the page sees but the badge as a whole.
  addEventListener("pointerdown", (event) => event.target !== host && badge.open(false), { signal });
  for (const change of ["online", "offline"]) addEventListener(change, () => badge.show(), { signal });
}
