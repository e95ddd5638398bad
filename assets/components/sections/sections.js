// @ts-check
// The rail of contents, and the observer of a page's sections: it tells Python which of them are near the visible part, and keeps
// the height of those that are not drawn. The sections themselves are Streamlit containers: `.st-key-section-ANCHOR`.
/** @import { SectionsHeader } from "../headers.js" */

import { element, find } from "../shared/elements.js";
import { listenWhole } from "../shared/events.js";
import { component, ending, focusedIn, hostOf, nowhere } from "../shared/mount.js";
import { framed } from "../shared/pace.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

/**
 * @typedef {object} Section
 * @property {string} anchor
 * @property {string} title
 * @property {number} height in pixels: measured, or what Python takes it to be
 * @property {boolean} near
 * @property {number | null} since when it has been drawn
 * @property {boolean} [waits] for Python to draw it
 * @property {boolean} [settled] it has its own height
 */

const AHEAD = 0.5; // of the screen's height, above and below it, counts as near
const REST = 600; // ms: what has left is told when the page has come to rest; what arrives, at once
const SETTLE = 600; // ms that a section has to take its own height, once drawn
const AGAIN = 2000; // ms after which what is still not drawn is asked for again
const RENAMED = new Map([["makers", "attribution"]]); // sections by the names that older links have for them
const measured = /** @type {Record<string, Record<string, Section | undefined>>} */ ({}); // the sections of each page that was opened, with their heights

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [main] = find(document, "[data-testid=stMain]");
  const [nav, toggle, entries] = find(root, "nav", "nav button", "nav ol");
  const heights = document.head.appendChild(element("style"));
  const self = {
    page: /** @type {string | null} */ (null), sections: /** @type {Section[]} */ ([]), reported: /** @type {string[]} */ ([]), reportedAt: 0,
    target: /** @type {string | null} */ (null), current: /** @type {string | null | undefined} */ (undefined), scrolled: false, whole: false, send: nowhere,
  };
  const timers = /** @type {Record<string, number | undefined>} */ ({});
  /** @param {string} name @param {number} ms @param {() => void} act */
  const after = (name, ms, act) => {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(act, ms);
  };
  const place = (/** @type {Section} */ section) => document.querySelector(`.st-key-section-${CSS.escape(section.anchor)}`);
  const waits = (/** @type {Element} */ placed) => placed.querySelector("[data-testid=stSkeletonElement]") !== null;
  const computes = (/** @type {Element} */ placed) => placed.querySelector("[data-testid=stProgress]") !== null; // what comes then has another height

  // ---- what is near ----

  const look = framed(() => hostOf(root).isConnected && seen());

  function seen() {
    const [now, screen] = [performance.now(), main.clientHeight];
    const top = main.getBoundingClientRect().top;
    const near = [];
    let current = null;
    for (const section of self.sections) {
      const placed = place(section);
      if (!placed) continue;
      const box = placed.getBoundingClientRect();
      section.near = self.whole || (box.bottom > top - AHEAD * screen && box.top < top + (1 + AHEAD) * screen);
      section.waits = waits(placed);
      if (section.waits || computes(placed) || !section.near) section.since = null;
      else section.since ??= now;
      section.settled = section.since !== null && now - section.since > SETTLE;
      if (section.settled) section.height = box.height;
      else if (section.near && !section.waits) after(`settle ${section.anchor}`, SETTLE + 20, look); // what is computed may come without a change of the page's size
      if (section.near) near.push(section.anchor);
      if (box.top < top + 0.4 * screen) current = section.anchor;
    }
    keepHeights(top);
    mark(main.scrollTop > 40 ? current : null);
    report(near, now);
    aim();
  }

  // What stands at the top of the screen stays there when a height above it changes.
  function keepHeights(/** @type {number} */ top) {
    const rule = (/** @type {Section} */ { anchor, height }) => `.st-key-section-${CSS.escape(anchor)}{min-height:${Math.round(height)}px}`;
    const text = self.sections.filter((one) => !one.settled).map(rule).join("");
    if (heights.textContent === text) return;
    const read = self.sections.map(place).filter((placed) => placed && placed.getBoundingClientRect().top < top + 80).at(-1);
    const before = read ? read.getBoundingClientRect().top : 0;
    heights.textContent = text;
    if (read) main.scrollTop += read.getBoundingClientRect().top - before;
  }

  /** @param {string[]} near @param {number} now */
  function report(near, now) {
    const arrived = near.some((anchor) => !self.reported.includes(anchor));
    const left = self.reported.some((anchor) => !near.includes(anchor));
    const undrawn = self.sections.some((section) => section.near && section.waits);
    if (arrived || (undrawn && now - self.reportedAt > AGAIN)) say(near, now);
    else if (left) timers.left ??= setTimeout(() => say(self.sections.filter((one) => one.near).map((one) => one.anchor), performance.now()), REST);
    if (undrawn) after("again", AGAIN + 50, look);
  }

  /** @param {string[]} near @param {number} now */
  function say(near, now) {
    clearTimeout(timers.left);
    timers.left = undefined;
    [self.reported, self.reportedAt] = [near, now];
    self.send("near", { page: self.page, near });
  }

  // ---- the rail ----

  function mark(/** @type {string | null} */ anchor) {
    if (anchor === self.current) return;
    self.current = anchor;
    for (const link of nav.querySelectorAll("a")) {
      if (link.dataset.anchor === (anchor ?? "")) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
    if (self.target === null && self.scrolled) after("address", 250, () => address(self.current));
  }

  // The address follows without a step in the history: a reload, or a copied link, comes back to the section that was read.
  const address = (/** @type {string | null | undefined} */ anchor) =>
    history.replaceState(history.state, "", location.pathname + location.search + (anchor ? `#${anchor}` : ""));

  function go(/** @type {string | null} */ anchor) {
    close();
    address(anchor);
    const section = self.sections.find((one) => one.anchor === anchor);
    if (section) {
      self.target = anchor;
      aim();
      const heading = /** @type {HTMLElement | null} */ (place(section)?.querySelector("h2"));
      heading?.setAttribute("tabindex", "-1");
      heading?.focus({ preventScroll: true });
    } else main.scrollTo({ top: 0 });
    look();
  }

  // Until the section that was asked for, and all near it, are drawn and have their height, it is kept at the top of the screen.
  function aim() {
    if (self.target === null) return;
    const section = self.sections.find((one) => one.anchor === self.target);
    const placed = section && place(section);
    if (!placed) return;
    placed.scrollIntoView({ block: "start" });
    if (section.near && self.sections.every((one) => !one.near || one.settled)) self.target = null;
    else after("aim", 100, look);
  }

  const close = () => {
    nav.classList.remove("open");
    toggle.setAttribute("aria-expanded", "false");
  };
  toggle.addEventListener("click", () => toggle.setAttribute("aria-expanded", String(nav.classList.toggle("open"))));
  nav.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    if (nav.classList.contains("open")) toggle.focus();
    else focusedIn(root)?.blur();
    close();
  });

  function list() {
    const listed = [{ anchor: "", title: "Top of the page" }, ...self.sections].map(({ anchor, title }) => {
      const onclick = (/** @type {MouseEvent} */ event) => {
        event.preventDefault();
        go(anchor || null);
      };
      const attributes = { href: `#${anchor}`, "data-anchor": anchor, onclick };
      return element("li", {}, element("a", attributes, element("i"), element("span", {}, title)));
    });
    entries.replaceChildren(...listed);
    self.current = undefined;
  }

  // ---- the page ----

  function show(/** @type {SectionsHeader} */ { page, sections }) {
    applyTheme(root);
    if (page !== self.page || sections.map((one) => one.anchor).join() !== self.sections.map((one) => one.anchor).join()) {
      if (page !== self.page) [self.reported, self.scrolled] = [[], false];
      const kept = (measured[page] ??= {});
      self.sections = sections.map(({ anchor, title, height }) => (kept[anchor] = { near: false, since: null, ...kept[anchor], anchor, title, height: kept[anchor]?.height ?? height }));
      self.page = page;
      const hash = decodeURIComponent(location.hash.slice(1));
      const asked = RENAMED.get(hash) ?? hash;
      self.target = sections.some(({ anchor }) => anchor === asked) ? asked : null;
      if (self.target !== null && asked !== hash) address(asked);
      list();
    }
    look();
  }

  const moved = () => {
    self.scrolled = true;
    look();
  };
  const unlisten = listenWhole((wanted) => {
    self.whole = wanted;
    look();
  });
  const freed = () => (self.target = null); // the visitor scrolls: nothing pulls back any more
  const sizes = new ResizeObserver(() => seen()); // before anything is painted: a height that is to be kept never shows otherwise
  sizes.observe(main.querySelector("[data-testid=stMainBlockContainer]") ?? main);
  main.addEventListener("scroll", moved, { passive: true });
  for (const name of ["wheel", "touchstart", "pointerdown", "keydown"]) main.addEventListener(name, freed, { passive: true });
  window.addEventListener("resize", look);
  function leave() {
    for (const timer of Object.values(timers)) clearTimeout(timer);
    sizes.disconnect();
    heights.remove();
    main.removeEventListener("scroll", moved);
    for (const name of ["wheel", "touchstart", "pointerdown", "keydown"]) main.removeEventListener(name, freed);
    window.removeEventListener("resize", look);
  }
  return Object.assign(self, { show, destroy: ending(leave, unlisten, look.cancel, onThemeChange(root, () => applyTheme(root))) });
}

export default component(build);
