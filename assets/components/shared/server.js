// @ts-check
// What is fetched from the server that the page came from.

/** The address that the app is served from, which may lie below the root of its host. */
export const serverAt = () => location.origin + location.pathname.replace(/[^/]*\/?$/, "");

/** @type {Promise<any> | null} */
let plotly = null;

/** plotly.js comes out of the installed plotly package, from our own server, once per page load, whoever asks first. */
export function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    const src = new URL("assets/plotly.min.js", serverAt()).href;
    const script = Object.assign(document.createElement("script"), { src });
    script.onload = () => resolve(Reflect.get(globalThis, "Plotly"));
    script.onerror = () => reject(new Error(`could not load ${src}`));
    document.head.appendChild(script);
  });
  return plotly;
}

let announced = false;

/** Tells the server, once per page load, that something is on the screen: it has held torch back for that. While it brings
 * torch, the script that draws charts comes, which would take as long later. */
export function tellDrawn() {
  if (announced) return;
  announced = true;
  const tell = () => {
    fetch(new URL("drawn", serverAt()), { method: "POST", keepalive: true }).catch(() => null);
    loadPlotly().catch(() => null);
  };
  requestAnimationFrame(() => requestAnimationFrame(tell)); // the second frame begins when the first has been painted
}
