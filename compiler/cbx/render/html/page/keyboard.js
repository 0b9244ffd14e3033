// Keyboard control of the map. Single keys work only while the map has the focus.

import { readBy, reads } from "./data.js";
import { byId, el } from "./dom.js";
import { signsOf } from "./legend.js";
import { COLUMN_LEGEND } from "./column_scene.js";
import { LINEAGE_LEGEND } from "./lineage_scene.js";
import { boxOf, elementOf, scene } from "./map.js";
import { RELATIONSHIP_LEGEND } from "./relationship_scene.js";
import { showSide } from "./side.js";

const STEP = 90;
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const HELP = [
  ["Ctrl K", "find a model or column, or a selector such as +orders or tag:daily (also /, outside text fields)"],
  ["↑ ↓ ← →", "on a model: go to its neighbours; on the map: pan"],
  ["Enter", "open a model; on the map: go to its models"],
  ["Space", "on a model in the column lineage: show all of its columns, or fewer"],
  ["+ − 0", "on the map: zoom in, zoom out, show all"],
  ["Esc", "unpin the column, then close the page, then clear the search"],
];
const SIGNS = [
  ["highlighted", "with a model open: everything upstream and downstream of it"],
  ["proven", "proven at compile time, so the pipeline does not check it"],
  ["unproven", "checked on the data by the pipeline; the counts are on the model's page"],
  ["7 to 9 warned", "rows that violate expectations; a range where one row may violate several of them"],
];

/** Add the listeners; `escape` is called for Escape outside of dialogs. */
export function startKeyboard(camera, escape) {
  byId("map").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const link = event.target.closest("#boxes > a");
    if (link ? walk(link, event.key) : steer(camera, event.key) || zoomByKey(camera, event.key)) event.preventDefault();
    else if (link && zoomByKey(camera, event.key)) event.preventDefault();
  });
  byId("boxes").addEventListener("focusin", (event) => {
    const link = event.target.closest("#boxes > a");
    if (link && link.matches(":focus-visible")) camera.frame([[link.box]]);
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, dialog");
    if ((event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !isTyping)) {
      showSide(true);
      byId("query").focus();
      byId("query").select();
      event.preventDefault();
    } else if (event.key === "Escape" && !event.target.closest("dialog")) {
      escape();
    }
  });
  startHelp();
}

function steer(camera, key) {
  if (key === "Enter") {
    const first =
      byId("boxes").querySelector("a.selected") ??
      byId("boxes").querySelector("a") ??
      elementOf(scene().boxes[0]?.node);
    first?.focus();
    return true;
  }
  const arrow = ARROWS[key];
  if (arrow) camera.panBy(arrow[0] * STEP, arrow[1] * STEP);
  return arrow !== undefined;
}

function zoomByKey(camera, key) {
  if (key === "+" || key === "=") camera.zoomBy(1.3);
  else if (key === "-") camera.zoomBy(1 / 1.3);
  else if (key === "0") camera.fit();
  else return false;
  return true;
}

/** Go from a model to its neighbour in the direction of an arrow key. */
function walk(link, key) {
  if (!(key in ARROWS)) return false;
  const { box } = link;
  const next = {
    ArrowLeft: () => linkedBox(box, "left"),
    ArrowRight: () => linkedBox(box, "right"),
    ArrowUp: () => nextBox(box, -1),
    ArrowDown: () => nextBox(box, 1),
  }[key]();
  if (next) {
    const element = elementOf(next.node);
    element.focus({ preventScroll: true, focusVisible: true });
  }
  return true;
}

/** The linked box on a side that is nearest vertically. */
function linkedBox(box, side) {
  const { isLineage } = scene();
  const others = isLineage
    ? side === "left"
      ? reads[box.node].map((edge) => edge.source)
      : readBy[box.node].map((edge) => edge.target)
    : scene().lines.flatMap((line) =>
        line.source === box.node ? [line.target] : line.target === box.node ? [line.source] : [],
      );
  const boxes = others
    .map(boxOf)
    .filter((other) => other && (isLineage || (side === "left" ? other.x < box.x : other.x > box.x)));
  return boxes.sort((left, right) => Math.abs(left.y - box.y) - Math.abs(right.y - box.y))[0];
}

/** The next box above or below, in the same column. */
function nextBox(box, step) {
  const middle = box.x + box.width / 2;
  const column = scene().boxes.filter((other) => Math.abs(other.x + other.width / 2 - middle) < other.width / 2);
  const beyond = column.filter((other) => (other.y - box.y) * step > 0);
  return beyond.sort((left, right) => (left.y - right.y) * step)[0];
}

function startHelp() {
  const dialog = byId("keys");
  const rows = (pairs, tag) =>
    el("dl", {}, ...pairs.flatMap(([name, words]) => [el("dt", {}, el(tag, {}, name)), el("dd", {}, words)]));
  dialog.append(
    el("h2", { id: "keys-title" }, "Keyboard shortcuts"),
    rows(HELP, "kbd"),
    el("h2", {}, "Symbols"),
    el("div", { class: "signs" }, ...signsOf([...LINEAGE_LEGEND, ...COLUMN_LEGEND, ...RELATIONSHIP_LEGEND])),
    rows(SIGNS, "span"),
    el("form", { method: "dialog" }, el("button", { class: "primary" }, "Close")),
  );
  byId("help").addEventListener("click", () => dialog.showModal());
}
