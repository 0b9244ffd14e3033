// Elements. Users' texts become text nodes, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** The element with an id. */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Create an element.
 * @param {string} tag
 * @param {object} attributes `on` holds listeners; null and false leave an attribute out, true gives it no value
 * @param {...(Node|string|null)} children strings become text
 */
export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Create an SVG element, as `el` does for HTML. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
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

/** A text with possible line breaks after each sign. */
export function breakAfter(sign, text) {
  return text.split(sign).flatMap((part, place) => (place === 0 ? [part] : [sign, el("wbr"), part]));
}

/** A name with possible line breaks between its words. */
export function breakName(name) {
  return name
    .split(/(?<=[_.:-])|(?<=[^}]\/)|(?<=\})/)
    .flatMap((part, place) => (place === 0 ? [part] : [el("wbr"), part]));
}

/** A line icon of 20 by 20. */
export function icon(...paths) {
  return svg(
    "svg",
    { viewBox: "0 0 20 20", "aria-hidden": "true", class: "icon" },
    ...paths.map((d) => svg("path", { d })),
  );
}

/** Announce something to screen readers. */
export function say(words) {
  byId("said").textContent = words;
}

/** Whether the reader prefers reduced motion. */
export function wantsStillness() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** A number and a noun: `1,234 rows`. */
export function countWords(number, word) {
  return `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
}

/** A duration: `0.4 s`. */
export function secondsWords(seconds) {
  return seconds < 0.1 ? "< 0.1 s" : `${seconds.toLocaleString("en")} s`;
}
