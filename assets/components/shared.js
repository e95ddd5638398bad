// What every component shares. Python puts this text before each component's own (pages/ui/components.py),
// with THEME already defined from assets/theme.json.

// Unpacks what pages/ui/components.py:pack made: 4 bytes of header length, the header as JSON, then raw bytes.
function unpack(data) {
  const bytes = data.slice(); // the Uint8Array we are given may be unaligned
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return { header, payload: bytes.slice(4 + length) };
}

function hostOf(root) {
  return root.host || root;
}

// True when Streamlit's background is dark: the theme is read, not guessed from the operating system.
function isDark(root) {
  const colour = getComputedStyle(hostOf(root)).getPropertyValue("--st-background-color").trim();
  const canvas = isDark.canvas || (isDark.canvas = document.createElement("canvas").getContext("2d"));
  canvas.fillStyle = "#ffffff";
  canvas.fillStyle = colour || "#ffffff";
  const [r, g, b] = rgb(canvas.fillStyle);
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

// Writes our palette as --gb-* variables on the component, and returns the palette.
function applyTheme(root) {
  const theme = isDark(root) ? THEME.dark : THEME.light;
  const style = hostOf(root).style;
  for (const [name, colour] of Object.entries(theme.roles)) style.setProperty(`--gb-${name}`, colour);
  for (const name of ["background", "surface", "text", "muted", "line", "primary"])
    style.setProperty(`--gb-${name}`, theme[name]);
  style.setProperty("--gb-font", THEME.fonts.text);
  style.setProperty("--gb-code", THEME.fonts.code);
  return theme;
}

// Calls `redraw` when Streamlit switches theme. An invisible element whose colour is the background starts a transition then.
function onThemeChange(root, redraw) {
  const probe = document.createElement("i");
  probe.setAttribute("aria-hidden", "true");
  probe.style.cssText =
    "position:absolute;width:0;height:0;overflow:hidden;color:var(--st-background-color);transition:color 1ms linear";
  const listener = () => redraw();
  probe.addEventListener("transitionend", listener);
  root.appendChild(probe);
  return () => {
    probe.removeEventListener("transitionend", listener);
    probe.remove();
  };
}

// A colour between the stops of a scale, for t in [0, 1].
function mix(stops, t) {
  const x = Math.min(Math.max(t, 0), 1) * (stops.length - 1);
  const i = Math.min(Math.floor(x), stops.length - 2);
  const [a, b] = [rgb(stops[i]), rgb(stops[i + 1])];
  return a.map((v, k) => Math.round(v + (b[k] - v) * (x - i)));
}

// Black or white, whichever reads better on this colour.
function inkOn([r, g, b]) {
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#16171a" : "#ffffff";
}

// Per cent with two significant digits: 0.4321 -> "43 %", 0.000123 -> "0.012 %".
function percent(p) {
  const x = 100 * p;
  if (x === 0) return "0 %";
  if (x < 0.001) return "< 0.001 %";
  if (x >= 99.5 && x < 100) return "> 99 %";
  return x >= 9.95 ? `${Math.round(x)} %` : `${x.toPrecision(2)} %`;
}

// Calls `send` at once, or for a held key only when it comes to rest: the server is asked for what the visitor looks at.
function paced(send, rest = 120) {
  let [last, timer] = [-Infinity, 0];
  const paced = (...values) => {
    clearTimeout(timer);
    const now = performance.now();
    if (now - last > rest) send(...values);
    else timer = setTimeout(() => send(...values), rest);
    last = now;
  };
  paced.cancel = () => clearTimeout(timer);
  return paced;
}

// What one component announces, all that listen on the page hear, without the server: [announce, listen].
function channel(name) {
  const announce = (position) => void document.dispatchEvent(new CustomEvent(name, { detail: position }));
  const listen = (handler) => {
    const listener = (event) => handler(event.detail);
    document.addEventListener(name, listener);
    return () => document.removeEventListener(name, listener);
  };
  return [announce, listen];
}

// Hovering a position in one component lights it in the others. A pin moves there too; the server hears of it from the
// strip, or from assets/components/pin.
const [announceHover, listenHover] = channel("glassbox:hover");
const [announcePin, listenPin] = channel("glassbox:pin");

// Keeps in `self.cursor` where the pin is: where the server says, or where this browser has put it since. `header.turn`
// counts how often the server was told; a component is also called with what it was given before, when the theme changes.
function settlePin(self, header) {
  if (header.turn === null || header.turn !== self.turn) [self.turn, self.cursor] = [header.turn, header.cursor];
}

// Keeps one object per mounted component. Streamlit cleans up and calls the default function again on each change, on a busy
// machine some time later: what `start` returned is torn down only when its element has left the page.
function once(root, start) {
  const host = hostOf(root);
  if (!host.glassbox) host.glassbox = Object.assign(start(), { calls: 0 });
  const kept = host.glassbox;
  const call = ++kept.calls;
  const leave = () =>
    setTimeout(() => {
      if (kept.calls !== call) return;
      if (host.isConnected) return leave();
      kept.destroy?.();
      delete host.glassbox;
    }, 50);
  kept.stop = () => void leave();
  return kept;
}

// The address that the app is served from, which may lie below the root of its host.
const serverAt = () => location.origin + location.pathname.replace(/[^/]*\/?$/, "");

// plotly.js comes out of the installed plotly package, from our own server, once per page load, whoever asks first.
function loadPlotly() {
  return (globalThis.glassboxPlotly ??= new Promise((resolve, reject) => {
    const src = new URL("assets/plotly.min.js", serverAt()).href;
    const failed = () => reject(new Error(`could not load ${src}`));
    const script = Object.assign(document.createElement("script"), { src, onerror: failed });
    script.onload = () => resolve(globalThis.Plotly);
    document.head.appendChild(script);
  }));
}
