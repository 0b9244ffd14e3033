// The map. Only the visible part of a scene is in the document; zoomed far out, the map is a picture.

import { startCamera } from "./camera.js";
import { byId } from "./dom.js";
import { drawFar, followFar } from "./far.js";

const MOST_BOXES = 240;
const MOST_LINES = 360;
const SMALLEST = 0.2;
/** How far beyond the screen elements are drawn, and how near the end of what is drawn may come while the map moves. */
const MARGIN = 160;
const SLACK = 60;
const STILL = 150;

const shown = {
  scene: null,
  boxes: new Map(),
  lines: new Map(),
  emphasis: null,
  selected: null,
  isFar: false,
  filled: null,
  later: 0,
};
let camera = null;
let isWaiting = false;

/** Set up the map; `changed` is called whenever it moves. */
export function startMap(changed) {
  camera = startCamera((transform) => {
    place(transform);
    changed(transform, shown.scene);
    if (!isWaiting) {
      isWaiting = true;
      requestAnimationFrame(() => {
        isWaiting = false;
        follow();
      });
    }
  });
  return camera;
}

/** The scene on the map, and whether it is shown as a picture. */
export const scene = () => shown.scene;
export const isFarAway = () => shown.isFar;

/** Show a scene on the map. */
export function showScene(next) {
  Object.assign(shown, { scene: next, filled: null });
  shown.boxes.clear();
  shown.lines.clear();
  byId("boxes").replaceChildren();
  byId("lines").replaceChildren();
  byId("map").setAttribute("aria-label", `${next.label}, ${next.boxes.length} boxes`);
  byId("world").style.width = `${next.width}px`;
  byId("world").style.height = `${next.height}px`;
  byId("lines").setAttribute("width", next.width);
  byId("lines").setAttribute("height", next.height);
  camera.measure(next);
}

/** Update the map after its size on the screen has changed. */
export function measureMap() {
  if (shown.scene === null) return;
  camera.measure(shown.scene);
  fill();
}

/**
 * Highlight some boxes and lines.
 * @param {null|{nodes: Set<number>, lines: function(object): boolean, columns?: Map<number, Set<string>>}} emphasis
 * @param {number|null} selected the node whose page is open
 */
export function emphasise(emphasis, selected) {
  Object.assign(shown, { emphasis, selected });
  byId("map").classList.toggle("emphasised", emphasis !== null);
  for (const [box, element] of shown.boxes) markBox(box, element);
  for (const [line, element] of shown.lines) markLine(line, element);
  fill();
  if (shown.isFar) drawFar(shown, camera);
}

function markBox(box, element) {
  const { emphasis, selected } = shown;
  element.classList.toggle("lit", emphasis !== null && emphasis.nodes.has(box.node));
  element.classList.toggle("selected", box.node === selected);
  if (box.node === selected) element.setAttribute("aria-current", "true");
  else element.removeAttribute("aria-current");
  const columns = emphasis?.columns?.get(box.node);
  if (shown.scene.isOfColumns) {
    for (const row of element.querySelectorAll("[data-column]"))
      row.classList.toggle("lit", columns?.has(row.dataset.column) ?? false);
  }
  const words = element.querySelector(".card-words");
  if (words) {
    words.dataset.kind ??= words.textContent;
    words.textContent = columns ? [...columns].join(", ") : words.dataset.kind;
    element.classList.toggle("with-columns", columns !== undefined);
  }
}

function markLine(line, element) {
  element.classList.toggle("lit", shown.emphasis !== null && shown.emphasis.lines(line));
}

function place({ x, y, k }) {
  byId("world").style.transform = `translate(${x}px, ${y}px) scale(${k})`;
  if (shown.isFar) followFar({ x, y, k });
}

/** While the map moves, each change of the document costs a new painting: change it only near the end of what is drawn. */
function follow() {
  clearTimeout(shown.later);
  const { k } = camera.transform();
  const [left, top, right, bottom] = viewWith(SLACK);
  const { filled } = shown;
  const isDrawn =
    filled !== null &&
    filled.k < 1.5 * k &&
    k < 1.5 * filled.k &&
    filled.view[0] <= left &&
    filled.view[1] <= top &&
    filled.view[2] >= right &&
    filled.view[3] >= bottom;
  if (isDrawn) shown.later = setTimeout(fill, STILL);
  else fill();
}

/** The borders of what is on the screen, with a margin. */
function viewWith(margin) {
  const { x, y, k } = camera.transform();
  return [(-x - margin) / k, (-y - margin) / k, (camera.width - x + margin) / k, (camera.height - y + margin) / k];
}

/** Add elements that have become visible to the document, and remove those that no longer are. */
function fill() {
  clearTimeout(shown.later);
  const { k } = camera.transform();
  const view = viewWith(MARGIN);
  const boxes = shown.scene.boxes.filter(
    (box) => box.x < view[2] && box.y < view[3] && box.x + box.width > view[0] && box.y + box.height > view[1],
  );
  const isFar = boxes.length > MOST_BOXES || k < SMALLEST;
  shown.filled = isFar ? null : { view, k };
  if (isFar !== shown.isFar || isFar) setFar(isFar);
  const focused = document.activeElement?.closest?.("#boxes > a")?.dataset.id;
  const kept = [...shown.boxes].filter(([, element]) => focused && element.dataset.id === focused).map(([box]) => box);
  exchange(shown.boxes, new Set(isFar ? kept : [...boxes, ...kept]), byId("boxes"), drawnBox);
  exchange(shown.lines, new Set(isFar ? [] : linesIn(view, boxes)), byId("lines"), drawnLine);
}

function setFar(isFar) {
  const hasTurned = isFar !== shown.isFar;
  shown.isFar = isFar;
  byId("map").classList.toggle("far", isFar);
  if (hasTurned) drawFar(shown, camera);
}

/** The lines that cross the view; if there are too many, only highlighted lines, or lines with an end in the view. */
function linesIn(view, boxes) {
  const found = shown.scene.lines.filter(
    ({ bounds }) => bounds[0] < view[2] && bounds[1] < view[3] && bounds[2] > view[0] && bounds[3] > view[1],
  );
  if (found.length <= MOST_LINES) return found;
  if (shown.emphasis !== null) return found.filter(shown.emphasis.lines).slice(0, 2 * MOST_LINES);
  const ends = new Set(boxes.map((box) => box.node));
  return found.filter((line) => ends.has(line.source) || ends.has(line.target)).slice(0, 2 * MOST_LINES);
}

function exchange(drawn, wanted, parent, draw) {
  for (const [item, element] of drawn) {
    if (!wanted.has(item)) {
      element.remove();
      drawn.delete(item);
    }
  }
  const fresh = document.createDocumentFragment();
  for (const item of wanted) {
    if (drawn.has(item)) continue;
    const element = draw(item);
    drawn.set(item, element);
    fresh.append(element);
  }
  parent.append(fresh);
}

function drawnBox(box) {
  const element = shown.scene.drawBox(box);
  Object.assign(element.style, {
    left: `${box.x}px`,
    top: `${box.y}px`,
    width: `${box.width}px`,
    height: `${box.height}px`,
  });
  element.tabIndex = -1;
  element.box = box;
  markBox(box, element);
  return element;
}

function drawnLine(line) {
  const element = shown.scene.drawLine(line);
  element.line = line;
  markLine(line, element);
  return element;
}

/** The box of a node; undefined if it is not in this scene. */
export function boxOf(index) {
  return shown.scene.boxes.find((box) => box.node === index);
}

/** The element of a node, drawn if necessary. */
export function elementOf(index) {
  const box = boxOf(index);
  if (!box) return null;
  if (!shown.boxes.has(box)) {
    const element = drawnBox(box);
    shown.boxes.set(box, element);
    byId("boxes").append(element);
  }
  return shown.boxes.get(box);
}

/** Highlight the lines at the box under the pointer. */
export function markNear(index) {
  for (const [line, element] of shown.lines)
    element.classList.toggle("near", line.source === index || line.target === index);
}

/** The node under a point of the screen; null if there is none. */
export function nodeAt(clientX, clientY) {
  const { left, top } = byId("map").getBoundingClientRect();
  const [x, y] = camera.transform().invert([clientX - left, clientY - top]);
  const box = shown.scene.boxes.find(
    (box) => x >= box.x && y >= box.y && x <= box.x + box.width && y <= box.y + box.height,
  );
  return box ? box.node : null;
}
