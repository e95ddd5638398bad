// @ts-check
// The end of a page: two buttons that save it, once all of its sections are drawn.

import { download } from "../shared/download.js";
import { find } from "../shared/elements.js";
import { announceWhole } from "../shared/events.js";
import { component, ending } from "../shared/mount.js";
import { applyTheme, onThemeChange } from "../shared/theme.js";
import { notebook } from "./notebook.js";
import { pageFile } from "./page_file.js";

const LOOK = 100; // ms between two looks at the page
const QUIET = 1500; // ms in which nothing comes and nothing is computed: all has been drawn
const AT_MOST = 120_000; // ms
const BUSY = "[data-test-script-state=running], [data-testid=stSkeletonElement], [data-testid=stProgress]";

/** @param {import("../shared/mount.js").Root} root */
function build(root) {
  const [html, ipynb, status] = find(root, ".html", ".notebook", "[role=status]");
  const [main] = find(document, "[data-testid=stMain]");

  // Until the page is at rest; false if it still is not after a long time.
  async function drawn() {
    const [page, begun] = [location.pathname, performance.now()];
    let [now, changed] = [begun, begun];
    const observer = new MutationObserver(() => (changed = performance.now()));
    observer.observe(main, { childList: true, subtree: true });
    while (now - changed < QUIET && now - begun < AT_MOST && location.pathname === page) {
      await new Promise((done) => setTimeout(done, LOOK));
      now = performance.now();
      if (document.querySelector(BUSY)) changed = now;
    }
    observer.disconnect();
    if (location.pathname !== page) throw new Error("the page was left");
    return now - changed >= QUIET;
  }

  /** @param {(name: string) => Promise<void>} save */
  const take = (save) => async () => {
    html.disabled = ipynb.disabled = true;
    status.textContent = "Drawing the whole page …";
    announceWhole(true);
    try {
      const whole = await drawn();
      await save(`glassbox-${location.pathname.split("/").at(-1) || "overview"}`);
      status.textContent = whole ? "Saved." : "Saved, without what is still being computed.";
    } catch (error) {
      status.textContent = `It could not be saved: ${error instanceof Error ? error.message : error}`;
    }
    announceWhole(false);
    html.disabled = ipynb.disabled = false;
  };
  html.addEventListener("click", take(async (name) => download(`${name}.html`, "text/html", await pageFile(main))));
  ipynb.addEventListener("click", take(async (name) => download(`${name}.ipynb`, "application/x-ipynb+json", notebook(main))));
  html.disabled = ipynb.disabled = false;

  return { show: () => void applyTheme(root), destroy: ending(onThemeChange(root, () => applyTheme(root))) };
}

export default component(build);
