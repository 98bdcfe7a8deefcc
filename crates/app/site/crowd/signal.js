// Linked from the front page by a crowd address. When it arrives, a lamp is lit.
"use strict";
for (const lamp of document.querySelectorAll('.lamp[data-lit-by="script"]')) {
  lamp.style.setProperty("--reached", "1");
  lamp.style.background = lamp.style.borderColor = "var(--flare, #a3197a)";
  lamp.style.boxShadow = "0 0 0 .7rem color-mix(in srgb, var(--flare, #a3197a) 18%, transparent)";
}
