// A scene as plain shapes with their colours, for files and for printing: as the browser lays it out, but all of it.

import { layers } from "./data.js";
import { el, svg } from "./dom.js";

const HEAD = 44;
const MARGIN = 16;

/**
 * The shapes of a scene, from the back to the front.
 * @param {object} scene
 * @param {boolean} isOnPaper whether colours are those of light mode, on white
 * @returns {{width: number, height: number, shapes: object[]}} shapes are `rect`, `path`, `circle` and `text`
 */
export function shapesOf(scene, isOnPaper = false) {
  const drawing = svg("svg", {}, ...scene.lines.map((line) => scene.drawLine(line)));
  const boxes = scene.boxes.map((box) => {
    const element = scene.drawBox(box);
    Object.assign(element.style, {
      left: `${box.x}px`,
      top: `${box.y}px`,
      width: `${box.width}px`,
      height: `${box.height}px`,
    });
    return element;
  });
  const lanes = scene.lanes.map((lane) =>
    el("div", { class: `lane layer-${lane.number}` }, el("span", { class: `chip layer-${lane.number}` }, lane.name)),
  );
  const holder = el("div", { class: "holder" }, drawing, ...lanes, ...boxes);
  if (isOnPaper) holder.style.colorScheme = "light";
  document.body.append(holder);
  try {
    const width = scene.width + 2 * MARGIN;
    const height = scene.height + HEAD + 2 * MARGIN;
    const origin = holder.getBoundingClientRect();
    const ground = isOnPaper ? "#ffffff" : colourOf(getComputedStyle(document.body).backgroundColor);
    const shapes = [
      { kind: "rect", x: -MARGIN, y: -MARGIN - HEAD, width, height, fill: ground },
      ...lanes.flatMap((element, place) => laneShapes(element, scene.lanes[place], height)),
      ...[...drawing.querySelectorAll("path, circle")].map(lineShape),
      ...boxes.flatMap((element) => boxShapes(element, origin)),
    ];
    const all = shapes.map((shape) => ({ ...shape, dx: MARGIN, dy: MARGIN + HEAD }));
    return { width: Math.ceil(width), height: Math.ceil(height), shapes: all };
  } finally {
    holder.remove();
  }
}

function laneShapes(element, lane, height) {
  const fill = colourOf(getComputedStyle(element).backgroundColor);
  const style = getComputedStyle(element.firstChild);
  return [
    { kind: "rect", x: lane.left, y: -MARGIN - HEAD, width: lane.right - lane.left, height, fill },
    {
      kind: "text",
      x: (lane.left + lane.right) / 2,
      y: -HEAD / 2,
      text: layers[lane.number].name.toUpperCase(),
      fill: colourOf(style.color),
      font: { size: 12, weight: 700, family: style.fontFamily },
      isCentred: true,
    },
  ];
}

function lineShape(element) {
  const style = getComputedStyle(element);
  const look = {
    fill: style.fill === "none" ? "none" : colourOf(style.fill),
    stroke: style.stroke === "none" ? "none" : colourOf(style.stroke),
    width: parseFloat(style.strokeWidth),
    dash: style.strokeDasharray === "none" ? [] : style.strokeDasharray.split(",").map(parseFloat),
    cap: style.strokeLinecap,
  };
  if (element.tagName === "path") return { kind: "path", d: element.getAttribute("d"), ...look };
  const [cx, cy, r] = ["cx", "cy", "r"].map((name) => Number(element.getAttribute(name)));
  return { kind: "circle", cx, cy, r, ...look };
}

function boxShapes(element, origin) {
  const style = getComputedStyle(element);
  const bounds = element.getBoundingClientRect();
  const [x, y] = [bounds.left - origin.left, bounds.top - origin.top];
  const card = {
    kind: "rect",
    x,
    y,
    width: bounds.width,
    height: bounds.height,
    radius: parseFloat(style.borderRadius),
    fill: colourOf(style.backgroundColor),
    stroke: colourOf(style.borderTopColor),
    dash: style.borderTopStyle === "dashed" ? [4, 3] : [],
  };
  const isCard = element.classList.contains("card");
  const bar = {
    kind: "rect",
    x: x + (isCard ? 8 : 12),
    y: y + 10,
    width: 4,
    height: isCard ? bounds.height - 20 : 18,
    radius: 2,
  };
  bar.fill = colourOf(getComputedStyle(element, "::before").backgroundColor);
  if (!isCard) bar.fill = colourOf(getComputedStyle(element.querySelector(".entity-name"), "::before").backgroundColor);
  return [
    card,
    bar,
    ...markShapes(element, origin),
    ...iconShapes(element, origin),
    ...textShapes(element, origin, bounds),
  ];
}

function iconShapes(element, origin) {
  return [...element.querySelectorAll("svg.icon path")].map((path) => {
    const { left, top, width } = path.ownerSVGElement.getBoundingClientRect();
    const shift = { x: left - origin.left, y: top - origin.top, scale: width / 20 };
    return { ...lineShape(path), ...shift };
  });
}

/** The grounds and borders of marks, such as PK, and of rows. */
function markShapes(element, origin) {
  return [...element.querySelectorAll(".mark.key, .pinned")].map((mark) => {
    const style = getComputedStyle(mark);
    const bounds = mark.getBoundingClientRect();
    return {
      kind: "rect",
      x: bounds.left - origin.left,
      y: bounds.top - origin.top,
      width: bounds.width,
      height: bounds.height,
      radius: parseFloat(style.borderRadius),
      fill: colourOf(style.backgroundColor),
      stroke: parseFloat(style.borderTopWidth) > 0 ? colourOf(style.borderTopColor) : "none",
      dash: style.borderTopStyle === "dashed" ? [3, 2] : [],
    };
  });
}

/** The texts of a box, line by line, without what is cut off. */
function textShapes(element, origin, bounds) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const shapes = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest(".unseen") || !parent.checkVisibility()) continue;
    const style = getComputedStyle(parent);
    const right = Math.min(parent.getBoundingClientRect().right, bounds.right);
    for (const { text, left, end, bottom } of linesOf(node, right)) {
      const before = shapes.at(-1);
      if (bottom > bounds.bottom) continue;
      if (before?.parent === parent && before.bottom === bottom && Math.abs(before.end - left) < 1) {
        Object.assign(before, { text: before.text + text, end });
        continue;
      }
      shapes.push({
        kind: "text",
        parent,
        bottom,
        end,
        x: left - origin.left,
        y: bottom - origin.top - 4,
        text,
        fill: colourOf(style.color),
        font: { size: parseFloat(style.fontSize), weight: style.fontWeight, family: style.fontFamily },
      });
    }
  }
  return shapes;
}

/** The words of a text node by the lines on which they stand; what does not fit is an ellipsis. */
function linesOf(node, right) {
  const lines = [];
  const range = document.createRange();
  for (const { 0: word, index } of node.data.matchAll(/\S+\s*/g)) {
    range.setStart(node, index);
    range.setEnd(node, index + word.trimEnd().length);
    const place = range.getBoundingClientRect();
    const fits = place.right <= right + 1;
    const last = lines.at(-1);
    const shown = fits ? word : cutWord(node, index, word, right, range);
    if (last && Math.abs(last.bottom - place.bottom) < 4) {
      if (!last.isCut) Object.assign(last, { text: last.text + shown, end: place.right });
      last.isCut ||= !fits;
    } else lines.push({ text: shown, left: place.left, end: place.right, bottom: place.bottom, isCut: !fits });
  }
  return lines.map((line) => ({ ...line, text: line.text.trimEnd() }));
}

function cutWord(node, index, word, right, range) {
  let end = word.length;
  do {
    end -= 1;
    range.setEnd(node, index + end);
  } while (end > 0 && range.getBoundingClientRect().right > right - 9);
  return `${word.slice(0, end)}…`;
}

const known = new Map();
const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", {
  willReadFrequently: true,
});

/** Any CSS colour as `#rrggbb`, or `none` if it is transparent. */
function colourOf(colour) {
  if (!known.has(colour)) {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
    const digits = [red, green, blue].map((channel) => channel.toString(16).padStart(2, "0")).join("");
    known.set(colour, alpha === 0 ? "none" : `#${digits}`);
  }
  return known.get(colour);
}
