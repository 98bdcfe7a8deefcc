// The badge's place on a page: an element of its own with a closed shadow root, above everything, out of the reach of
// the page's style sheets. A page that wants it gone can still remove it: that page is its visitor's business.

/**
 * @param {string} css
 * @returns {{host: HTMLElement, root: ShadowRoot}}
 */
export function placeBadge(css) {
  const host = document.createElement("crowd-badge");
  const root = host.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  // What is pressed in here is not meant for the page's own keyboard shortcuts.
  for (const type of ["keydown", "keyup", "keypress"]) {
    root.addEventListener(type, (event) => event.stopPropagation());
  }
  document.documentElement.append(host);
  // In the top layer no transform, clip or stacking of the page's can move or cover it. Where there is none, the
  // style sheet's own z-index has to do.
  try {
    host.popover = "manual";
    host.showPopover();
  } catch {
    host.removeAttribute("popover");
  }
  return { host, root };
}
