// @ts-check
// The rail of contents, and the observer of a page's sections: it tells Python which of them are near the visible part, and keeps
// the height of those that are not drawn. The sections themselves are Streamlit containers: `.st-key-section-ANCHOR`.

import { unpack } from "../shared/bytes.js";
import { hostOf, once } from "../shared/mount.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";

const AHEAD = 0.5; // of the screen's height, above and below it, counts as near
const REST = 600; // ms: what has left is told when the page has come to rest; what arrives, at once
const SETTLE = 600; // ms that a section has to take its own height, once drawn
const AGAIN = 2000; // ms after which what is still not drawn is asked for again
const measured = {}; // the sections of each page that was opened, with their heights

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const rail = once(root, () => build(root));
  rail.send = (told) => setTriggerValue("near", told);
  applyTheme(root);
  rail.show(unpack(data).header);
  return rail.stop;
}

function build(root) {
  const main = document.querySelector("[data-testid=stMain]");
  const nav = root.querySelector("nav");
  const heights = document.head.appendChild(document.createElement("style"));
  const self = { page: null, sections: [], told: [], toldAt: 0, target: null, send: () => {} };
  const timers = {};
  const after = (name, ms, act) => {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(act, ms);
  };
  const place = (section) => document.querySelector(`.st-key-section-${CSS.escape(section.anchor)}`);
  const waits = (element) => element.querySelector("[data-testid=stSkeletonElement]") !== null;

  // ---- what is near ----

  let asked = 0;
  const look = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      if (hostOf(root).isConnected) seen();
    });
  };

  function seen() {
    const [now, screen] = [performance.now(), main.clientHeight];
    const top = main.getBoundingClientRect().top;
    const near = [];
    let current = null;
    for (const section of self.sections) {
      const element = place(section);
      if (!element) continue;
      const box = element.getBoundingClientRect();
      section.near = box.bottom > top - AHEAD * screen && box.top < top + (1 + AHEAD) * screen;
      section.waits = waits(element);
      if (section.waits || !section.near) section.since = null;
      else section.since ??= now;
      section.settled = section.since !== null && now - section.since > SETTLE;
      if (section.settled) section.height = box.height;
      else if (section.since !== null) after(`settle ${section.anchor}`, SETTLE + 20, look);
      if (section.near) near.push(section.anchor);
      if (box.top < top + 0.4 * screen) current = section.anchor;
    }
    keepHeights(top);
    mark(main.scrollTop > 40 ? current : null);
    tell(near, now);
    aim();
  }

  // What stands at the top of the screen stays there when a height above it changes.
  function keepHeights(top) {
    const rule = ({ anchor, height }) => `.st-key-section-${CSS.escape(anchor)}{min-height:${Math.round(height)}px}`;
    const text = self.sections.filter((one) => !one.settled).map(rule).join("");
    if (heights.textContent === text) return;
    const read = self.sections.map(place).filter((element) => element && element.getBoundingClientRect().top < top + 80).at(-1);
    const before = read?.getBoundingClientRect().top;
    heights.textContent = text;
    if (read) main.scrollTop += read.getBoundingClientRect().top - before;
  }

  function tell(near, now) {
    const arrived = near.some((anchor) => !self.told.includes(anchor));
    const left = self.told.some((anchor) => !near.includes(anchor));
    const undrawn = self.sections.some((section) => section.near && section.waits);
    if (arrived || (undrawn && now - self.toldAt > AGAIN)) say(near, now);
    else if (left) after("left", REST, () => say(self.sections.filter((one) => one.near).map((one) => one.anchor), performance.now()));
    if (undrawn) after("again", AGAIN + 50, look);
  }

  function say(near, now) {
    clearTimeout(timers.left);
    [self.told, self.toldAt] = [near, now];
    self.send({ page: self.page, near });
  }

  // ---- the rail ----

  function mark(anchor) {
    if (anchor === self.current) return;
    self.current = anchor;
    for (const link of nav.querySelectorAll("a")) {
      if (link.dataset.anchor === (anchor ?? "")) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
    if (self.target === null && self.scrolled) after("address", 250, () => address(self.current));
  }

  // The address follows without a step in the history: a reload, or a copied link, comes back to the section that was read.
  const address = (anchor) =>
    history.replaceState(history.state, "", location.pathname + location.search + (anchor ? `#${anchor}` : ""));

  function go(anchor) {
    close();
    address(anchor);
    const section = self.sections.find((one) => one.anchor === anchor);
    if (section) {
      self.target = anchor;
      aim();
      const heading = place(section)?.querySelector("h1, h2, h3, h4");
      heading?.setAttribute("tabindex", "-1");
      heading?.focus({ preventScroll: true });
    } else main.scrollTo({ top: 0 });
    look();
  }

  // Until the section that was asked for, and all near it, are drawn and have their height, it is kept at the top of the screen.
  function aim() {
    if (self.target === null) return;
    const section = self.sections.find((one) => one.anchor === self.target);
    const element = section && place(section);
    if (!element) return;
    element.scrollIntoView({ block: "start" });
    if (self.sections.every((one) => !one.near || one.settled)) self.target = null;
    else after("aim", 100, look);
  }

  const close = () => {
    nav.classList.remove("open");
    nav.querySelector("button").setAttribute("aria-expanded", "false");
  };
  nav.querySelector("button").addEventListener("click", () =>
    nav.querySelector("button").setAttribute("aria-expanded", String(nav.classList.toggle("open"))));
  nav.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (nav.classList.contains("open")) nav.querySelector("button").focus();
    else root.activeElement?.blur();
    close();
  });

  function list() {
    const entries = [{ anchor: "", title: "Top of the page" }, ...self.sections].map(({ anchor, title }) => {
      const link = Object.assign(document.createElement("a"), { href: `#${anchor}` });
      link.dataset.anchor = anchor;
      link.append(document.createElement("i"), Object.assign(document.createElement("span"), { textContent: title }));
      link.addEventListener("click", (event) => {
        event.preventDefault();
        go(anchor || null);
      });
      const entry = document.createElement("li");
      entry.append(link);
      return entry;
    });
    nav.querySelector("ol").replaceChildren(...entries);
    self.current = undefined;
  }

  // ---- the page ----

  self.show = ({ page, sections }) => {
    if (page !== self.page || sections.map((one) => one.anchor).join() !== self.sections.map((one) => one.anchor).join()) {
      if (page !== self.page) [self.told, self.scrolled] = [[], false];
      const kept = (measured[page] ??= {});
      self.sections = sections.map(({ anchor, title, height }) => (kept[anchor] = { near: false, since: null, ...kept[anchor], anchor, title, height: kept[anchor]?.height ?? height }));
      self.page = page;
      const hash = decodeURIComponent(location.hash.slice(1));
      self.target = sections.some(({ anchor }) => anchor === hash) ? hash : null;
      list();
    }
    look();
  };

  const moved = () => {
    self.scrolled = true;
    look();
  };
  const freed = () => (self.target = null); // the visitor scrolls: nothing pulls back any more
  const sizes = new ResizeObserver(() => seen()); // before anything is painted: a height that is to be kept never shows otherwise
  sizes.observe(main.querySelector("[data-testid=stMainBlockContainer]") ?? main);
  main.addEventListener("scroll", moved, { passive: true });
  for (const name of ["wheel", "touchstart", "pointerdown", "keydown"]) main.addEventListener(name, freed, { passive: true });
  window.addEventListener("resize", look);
  const unwatch = onThemeChange(root, () => applyTheme(root));
  self.destroy = () => {
    for (const timer of Object.values(timers)) clearTimeout(timer);
    cancelAnimationFrame(asked);
    sizes.disconnect();
    heights.remove();
    unwatch();
    main.removeEventListener("scroll", moved);
    for (const name of ["wheel", "touchstart", "pointerdown", "keydown"]) main.removeEventListener(name, freed);
    window.removeEventListener("resize", look);
  };
  return self;
}
