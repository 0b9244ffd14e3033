// Elements. Words that users wrote become text nodes here, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** The element of the page with an id. */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * A new element.
 * @param {string} tag
 * @param {object} attributes `on` holds listeners; null and false leave an attribute out, true gives it no value
 * @param {...(Node|string|null)} children strings become text
 */
export function el(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** As `el`, for the pieces of a picture. */
export function svg(tag, attributes, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (value !== null && value !== false && value !== undefined) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** An icon drawn with lines on a field of 20 by 20. */
export function icon(...paths) {
  return svg(
    "svg",
    { viewBox: "0 0 20 20", "aria-hidden": "true", class: "icon" },
    ...paths.map((d) => svg("path", { d })),
  );
}

/** Say something to those who cannot see it happen. */
export function say(words) {
  byId("said").textContent = words;
}

/** Whether the reader asked for less movement. */
export function wantsStillness() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** 1234567 as people write it, and a word in its number. */
export function counted(number, word) {
  return `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
}
