// How the badge looks: the sea chart's colours, by day and by night. The page's own rules end at :host.

export const BADGE_CSS = `
:host { all: initial !important; position: fixed !important; z-index: 2147483647 !important; inset: auto !important;
inset-block-end: max(12px, env(safe-area-inset-bottom)) !important; inset-inline-end: 12px !important;
display: flex !important; flex-direction: column-reverse !important; align-items: flex-end !important; gap: 8px !important;
max-inline-size: calc(100vw - 24px) !important; overflow: visible !important; pointer-events: none !important;
color-scheme: light dark !important }
* { box-sizing: border-box }
[hidden] { display: none !important }
.mark, section, .notice {
--paper: light-dark(#f5f8f6, #0c161b); --shoal: light-dark(#dcebec, #16323f); --ink: light-dark(#16262e, #dde7e4);
--ink-2: light-dark(#475b64, #9aaeb3); --hair: light-dark(#6b8189, #6f8a95);
--flare: light-dark(#a3197a, #f28aca); --on: light-dark(#fff, #1b0714);
pointer-events: auto; direction: ltr; text-align: start; background: var(--paper); color: var(--ink);
border: 1px solid var(--ink); border-radius: 3px; box-shadow: 0 2px 12px #0003;
font: 400 15px/1.45 Seravek, "Gill Sans Nova", Ubuntu, Calibri, "Segoe UI", "Open Sans", sans-serif }
button { font: inherit; color: inherit; background: none; border: 1px solid var(--hair); border-radius: 2px; padding: 5px 12px; min-block-size: 32px; cursor: pointer }
button:hover { border-color: var(--ink) }
.do { background: var(--flare); border-color: var(--flare); color: var(--on) }
:focus-visible { outline: 2px solid var(--flare); outline-offset: 2px }
.mark { position: relative; inline-size: 36px; block-size: 36px; padding: 0; border-radius: 50%; forced-color-adjust: none }
svg { position: absolute; inset: 5px; inline-size: 24px; block-size: 24px; fill: currentColor }
.flare { display: none; fill: var(--flare) }
.lit .flare { display: block }
.sign { inset: auto -4px -4px auto; inline-size: 17px; block-size: 17px; border-radius: 50%; background: var(--ink); fill: none;
stroke: var(--paper); stroke-width: 2.6; stroke-linecap: round; stroke-linejoin: round }
[data-sign="plain"] .sign { display: none }
[data-sign="newer"] .sign { background: var(--flare); stroke: var(--on) }
[data-sign="offline"] .sign { background: var(--paper); stroke: var(--ink); box-shadow: inset 0 0 0 1.2px var(--ink) }
section { inline-size: 310px; max-inline-size: 100%; max-block-size: calc(100dvh - 72px); overflow: auto; overscroll-behavior: contain; padding: 16px 18px 12px }
h2 { margin: 0; font: italic 400 24px/1.15 "Iowan Old Style", Palatino, P052, Georgia, serif; overflow-wrap: anywhere }
p { margin: 6px 0 0 }
.newer, dl div, [role="switch"], .ways, .notice { display: flex; align-items: center; justify-content: space-between; gap: 12px }
.newer { gap: 6px; background: var(--shoal); padding: 8px; margin-top: 12px }
.newer button, i { flex: none }
dl, section [role="switch"], .ways { border-top: 1px solid var(--hair) }
dl { margin: 12px 0 6px }
dl div { padding: 3px 0 }
dt, small { color: var(--ink-2) }
dd { margin: 0; text-align: end; font-variant-numeric: tabular-nums }
[role="switch"] { border: 0; padding: 8px 0; text-align: start }
section [role="switch"] { inline-size: 100% }
small { display: block; font-size: 13px; line-height: 1.35 }
i { inline-size: 38px; padding: 3px; border: 1.5px solid; border-radius: 11px }
i::after { content: ""; display: block; inline-size: 0; border: 6.5px solid; border-radius: 50% }
[aria-checked="true"] i { background: var(--flare); border-color: var(--flare); color: var(--on) }
[aria-checked="true"] i::after { translate: 16px }
[aria-disabled="true"] { cursor: default; opacity: .65 }
progress { display: block; inline-size: 100%; block-size: 8px; margin-bottom: 10px; accent-color: var(--flare) }
.ways { padding-top: 8px }
.ways button { margin-inline-start: auto }
a { color: var(--flare); text-underline-offset: .18em; padding: 4px 0 }
.notice { flex-wrap: wrap; gap: 4px 12px; padding: 6px 8px 6px 14px }
.notice > span { flex: auto }
.status { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%) }
@media (pointer: coarse) { .mark { inline-size: 44px; block-size: 44px } .mark svg { margin: 4px } .mark .sign { margin: 0 } button { min-block-size: 40px } }
@media (prefers-reduced-motion: no-preference) { .notice, section { animation: rise .2s } i::after { transition: translate .15s } @keyframes rise { from { translate: 0 6px } } }
@media print { :host { display: none !important } }
`;
