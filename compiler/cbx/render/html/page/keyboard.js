// The map by keys. Single letters work while the map has the focus only, so that nothing is typed by mistake.

import { readBy, reads } from "./data.js";
import { byId, el } from "./dom.js";
import { signsOf } from "./legend.js";
import { LINEAGE_LEGEND } from "./lineage_scene.js";
import { boxOf, elementOf, scene } from "./map.js";
import { RELATIONSHIP_LEGEND } from "./relationship_scene.js";
import { showSide } from "./side.js";

const STEP = 90;
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const HELP = [
  ["Ctrl K", "find a model or column (/ too, outside of texts)"],
  ["↑ ↓ ← →", "on a model: to its neighbours; on the map: move it"],
  ["Enter", "open a model; on the map: go to the models"],
  ["+ − 0", "on the map: nearer, further, everything"],
  ["Esc", "let go of a column, then close the page, then end the search"],
];
const SIGNS = [
  ["highlighted", "with an open page: what the model is made of, and what is made of it"],
  ["proven", "follows from the code, so it costs nothing when the pipeline runs"],
  ["unproven", "a check on the data in the pipeline itself; its counts stand on the model's page"],
  ["n failed", "rows that broke an expectation in the last run"],
];

/** Set the keys up; `escape` is called when nothing nearer wants to end. */
export function startKeyboard(camera, escape) {
  byId("map").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const link = event.target.closest("#boxes > a");
    if (link ? walk(link, event.key) : steer(camera, event.key) || zoomed(camera, event.key)) event.preventDefault();
    else if (link && zoomed(camera, event.key)) event.preventDefault();
  });
  byId("boxes").addEventListener("focusin", (event) => {
    const link = event.target.closest("#boxes > a");
    if (link && link.matches(":focus-visible")) camera.reveal(link.box);
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

function zoomed(camera, key) {
  if (key === "+" || key === "=") camera.zoomBy(1.3);
  else if (key === "-") camera.zoomBy(1 / 1.3);
  else if (key === "0") camera.fit();
  else return false;
  return true;
}

/** From a model to the one beside it that an arrow key means. */
function walk(link, key) {
  if (!(key in ARROWS)) return false;
  const { box } = link;
  const next = {
    ArrowLeft: () => linked(box, "left"),
    ArrowRight: () => linked(box, "right"),
    ArrowUp: () => above(box, -1),
    ArrowDown: () => above(box, 1),
  }[key]();
  if (next) {
    const element = elementOf(next.node);
    element.focus({ preventScroll: true, focusVisible: true });
  }
  return true;
}

/** The linked box on a side that is nearest in height. */
function linked(box, side) {
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
  return boxes.sort((one, other) => Math.abs(one.y - box.y) - Math.abs(other.y - box.y))[0];
}

/** The next box above or below, in the same column. */
function above(box, step) {
  const middle = box.x + box.width / 2;
  const column = scene().boxes.filter((other) => Math.abs(other.x + other.width / 2 - middle) < other.width / 2);
  const beyond = column.filter((other) => (other.y - box.y) * step > 0);
  return beyond.sort((one, other) => (one.y - other.y) * step)[0];
}

function startHelp() {
  const dialog = byId("keys");
  const rows = (pairs, tag) =>
    el("dl", {}, ...pairs.flatMap(([name, words]) => [el("dt", {}, el(tag, {}, name)), el("dd", {}, words)]));
  dialog.append(
    el("h2", { id: "keys-title" }, "Keys"),
    rows(HELP, "kbd"),
    el("h2", {}, "Signs"),
    el("div", { class: "signs" }, ...signsOf([...LINEAGE_LEGEND, ...RELATIONSHIP_LEGEND])),
    rows(SIGNS, "span"),
    el("form", { method: "dialog" }, el("button", { class: "primary" }, "Close")),
  );
  byId("help").addEventListener("click", () => dialog.showModal());
}
