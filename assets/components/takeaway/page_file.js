// @ts-check
// What stands on the screen as one HTML file: no script, nothing fetched. Shadow roots become templates.

const VOID = new Set(["area", "br", "col", "hr", "img", "input", "source", "wbr"]);
const LEFT_OUT = new Set(["script", "iframe", "link", "meta", "base", "noscript", "object", "embed"]);
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:";
// The page scrolls as a whole, and on a narrow screen figures and tables sideways, since they stay as wide as they were drawn;
// symbols of a font that is not in the file, and what only a live page can do, are not shown.
const STILL = `html, body, #root, .stApp, .stApp > div, [data-testid=stAppViewContainer], [data-testid=stMain] {
  position: static !important; overflow: visible !important; height: auto !important; display: block !important; }
[data-testid=stIconMaterial], [data-testid=stHeader], .modebar-container, .gb-plot-save, .st-key-taken, .st-key-contents { display: none !important; }
.svg-container, .stDataFrame { overflow: auto hidden !important; max-width: 100%; }
body > footer { padding: 1rem; text-align: center; opacity: 0.8; }
body > footer a { color: inherit; }`;

const SIGNS = /** @type {Record<string, string>} */ ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" });
/** Words as HTML has them. @param {string} words */
const escaped = (words) => words.replace(/[&<>"]/g, (sign) => SIGNS[sign]);

/** Rules of a sheet as text; a sheet of another origin tells nothing. @param {CSSStyleSheet} sheet */
function rules(sheet) {
  try {
    return Array.from(sheet.cssRules, (rule) => rule.cssText).join("\n");
  } catch {
    return "";
  }
}

/** A style element: what it holds is no markup. @param {string} css */
const style = (css) => `<style>${css.replaceAll("</", "<\\/")}</style>`;

const GONE = /^(on.*|src|srcset|action|formaction|checked|selected)$/i;

/** @param {Element} node @param {string} [look] instead of its own style */
function attributes(node, look) {
  const kept = Array.from(node.attributes).filter(({ name }) =>
    !GONE.test(name) && !(name === "style" && look) && !(name === "value" && node instanceof HTMLInputElement));
  const made = kept.map(({ name, value }) => ` ${name}="${escaped(/^(xlink:)?href$/i.test(name) ? address(value) : value)}"`);
  return made.join("") + (look ? ` style="${escaped(look)}"` : "") + chosen(node);
}

/** Where a link leads, wherever the file lies; "#" for what is no address. @param {string} link */
function address(link) {
  if (/^(#|data:image\/)/.test(link)) return link;
  const whole = URL.parse(link, location.href);
  return whole && /^https?:$/.test(whole.protocol) ? whole.href : "#";
}

/** What was typed or chosen, of which attributes do not tell. @param {Element} node */
function chosen(node) {
  if (node instanceof HTMLOptionElement) return node.selected ? " selected" : "";
  return node instanceof HTMLInputElement ? `${node.checked ? " checked" : ""} value="${escaped(node.value)}"` : "";
}

/** A drawing as it is drawn: the background of an element that its style still knows. @param {HTMLCanvasElement} canvas */
function picture(canvas) {
  if (!canvas.clientWidth || !canvas.clientHeight) return "";
  const look = document.createElement("canvas").style;
  look.cssText = canvas.style.cssText;
  look.background = `url("${canvas.toDataURL()}") 0 0 / contain no-repeat`;
  look.setProperty("print-color-adjust", "exact");
  return `<canvas${attributes(canvas, look.cssText)}></canvas>`;
}

/**
 * @param {Node} node
 * @returns {string}
 */
function written(node) {
  if (node instanceof Text) return node.parentElement?.localName === "style" ? node.data.replaceAll("</", "<\\/") : escaped(node.data);
  if (!(node instanceof Element) || LEFT_OUT.has(node.localName)) return "";
  if (node instanceof HTMLCanvasElement) return picture(node);
  if (node instanceof HTMLImageElement && node.src.startsWith("data:"))
    return `<img${attributes(node)} src="${escaped(node.src)}">`;
  const name = node.localName;
  if (VOID.has(name)) return `<${name}${attributes(node)}>`;
  const inside = node instanceof HTMLTextAreaElement ? escaped(node.value) : Array.from(node.childNodes, written).join("");
  return `<${name}${attributes(node)}>${node.shadowRoot ? shadow(node.shadowRoot) : ""}${inside}</${name}>`;
}

/** @param {ShadowRoot} root */
function shadow(root) {
  const adopted = root.adoptedStyleSheets.map((sheet) => style(rules(sheet))).join("");
  return `<template shadowrootmode="open">${adopted}${Array.from(root.childNodes, written).join("")}</template>`;
}

/**
 * Fonts of this server become part of the file; the others are left out.
 * @param {string} css
 */
async function withFonts(css) {
  const found = new Map();
  for (const [, address] of css.matchAll(/url\("?([^")]+)"?\)/g)) {
    if (found.has(address) || address.startsWith("data:")) continue;
    const ours = /\/assets\/fonts\//.test(address) && new URL(address, location.href).origin === location.origin;
    found.set(address, ours ? await asData(address) : "data:,");
  }
  return css.replace(/url\("?([^")]+)"?\)/g, (whole, address) => (found.has(address) ? `url("${found.get(address)}")` : whole));
}

/** @param {string} address @returns {Promise<string>} */
async function asData(address) {
  const blob = await (await fetch(address)).blob();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error("a font could not be read"));
    reader.readAsDataURL(blob);
  });
}

/**
 * The file of a page whose content is `main`, with the elements that it stands in, whose classes its style asks for.
 * @param {Element} main
 */
export async function pageFile(main) {
  const sheets = Array.from(document.styleSheets, rules).join("\n"); // of the same moment as what they are for
  const day = new Date().toLocaleDateString("en-GB", { dateStyle: "long" });
  const footer = `<footer><a href="${escaped(location.href)}">This page of Glassbox</a> as it stood on ${day}. Nothing in this file runs.</footer>`;
  let body = written(main);
  for (let outer = main.parentElement; outer && outer.localName !== "html"; outer = outer.parentElement)
    body = `<${outer.localName}${attributes(outer)}>${body}${outer === document.body ? footer : ""}</${outer.localName}>`;
  const css = await withFonts(sheets);
  const wide = `[data-testid=stMainBlockContainer] { max-width: ${main.clientWidth}px !important; margin: auto !important; }`; // as the figures are
  const head = `<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">`
    + `<meta name="viewport" content="width=device-width"><title>${escaped(document.title)}</title>${style(css)}${style(STILL + wide)}`;
  return `<!doctype html>\n<html${attributes(document.documentElement)}><head>${head}</head>${body}</html>\n`;
}
