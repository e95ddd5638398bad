// @ts-check
// Making elements and finding them.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Attributes of a new element: text and numbers as they are; true or false for those that are there or not (for aria-… and
 * data-…, the word); null for none; `style`, an object of properties, variables among them; functions are listeners, as `onclick`.
 * @typedef {Record<string, string | number | boolean | null | undefined | object>} Attributes
 */

/**
 * A new HTML element. A button is no form's submit button unless its type says so. Children that are no nodes are text.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string | number)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  if (tag === "button") made.setAttribute("type", "button");
  return filled(made, attributes, children);
}

/**
 * The same for a part of a drawing.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string | number)} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * @template {HTMLElement | SVGElement} Made
 * @param {Made} made
 * @param {Attributes} attributes
 * @param {(Node | string | number)[]} children
 */
function filled(made, attributes, children) {
  set(made, attributes);
  made.append(...children.map((child) => (typeof child === "number" ? String(child) : child)));
  return made;
}

/**
 * Sets attributes, as `element` does.
 * @param {HTMLElement | SVGElement} node
 * @param {Attributes} attributes
 */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) node.removeAttribute(name);
    else if (typeof value === "function") node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (name === "style" && typeof value === "object") {
      for (const [property, wanted] of Object.entries(value)) node.style.setProperty(property, wanted);
    } else if (typeof value === "boolean" && !/^(aria|data)-/.test(name)) node.toggleAttribute(name, value);
    else node.setAttribute(name, String(value));
  }
}

/**
 * The elements below `root` that the selectors name, in their order; the component's HTML has them all.
 * @param {ParentNode} root
 * @param {...string} selectors
 * @returns {any[]}
 */
export function find(root, ...selectors) {
  return selectors.map((selector) => {
    const found = root.querySelector(selector);
    if (!found) throw new Error(`the component's HTML has no ${selector}`);
    return found;
  });
}

/**
 * So many children as wanted, with the ones that are there kept: `make(i)` gives the new ones.
 * @param {Element} parent
 * @param {number} count
 * @param {(i: number) => Node} make
 */
export function keepChildren(parent, count, make) {
  while (parent.children.length > count) parent.lastElementChild?.remove();
  while (parent.children.length < count) parent.append(make(parent.children.length));
}
