// The page: the place that the URL names is shown by the map, the list and a model's page.

import { columnsOf, lastRun, layers, nodeOf, nodes, project, troubleOf } from "./data.js";
import { byId, counted, el, icon, say } from "./dom.js";
import { focusScene } from "./focus_scene.js";
import { startKeyboard } from "./keyboard.js";
import { showLegend } from "./legend.js";
import { columnLineageOf, lineageOf } from "./lineage.js";
import { lineageScene } from "./lineage_scene.js";
import { clearQuery, markCurrent, startList } from "./list.js";
import { boxOf, emphasise, isFarAway, markNear, measureMap, nodeAt, scene, showScene, startMap } from "./map.js";
import { showPanel } from "./panel.js";
import { goTo, linkTo, readPlace } from "./place.js";
import { relationshipScene } from "./relationship_scene.js";
import { isNarrow, isSideOpen, showSide } from "./side.js";
import { startTheme } from "./theme.js";

const NOWHERE = { view: null, model: null, tab: "overview", column: null };
const state = { place: NOWHERE, hovered: null, found: null, isSearching: false, emphasis: null, scenes: {} };
const SCENES = { lineage: lineageScene, relationships: relationshipScene };
const TABS = { lineage: ["lineage", "focus"], relationships: ["relationships"] };

const linkWith = (change) => linkTo({ ...state.place, tab: "overview", column: null, ...change });
const linkOf = (index) => linkWith({ model: nodes[index].id });
const ways = {
  linkTo: linkWith,
  goTo: (change) => goTo({ ...state.place, ...change, ...(change.model === null ? { tab: "overview", column: null } : {}) }),
  hover: (column) => {
    state.hovered = column;
    light();
  },
};

/** Show the place that the URL names. */
function show() {
  const before = state.place;
  state.place = readPlace();
  const node = state.place.model === null ? null : nodeOf(state.place.model) ?? null;
  if (state.place.view === "focus" && node === null) state.place.view = "lineage";
  if (node === null || !columnsOf(node).some(({ name }) => name === state.place.column)) state.place.column = null;
  const isOther = state.place.view !== before.view || (state.place.view === "focus" && state.place.model !== before.model);
  if (isOther) showView(node);
  for (const view of Object.keys(SCENES)) {
    const link = byId(`view-${view}`);
    link.href = linkTo({ ...state.place, view });
    if (TABS[view].includes(state.place.view)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  state.hovered = null;
  showFocus(node);
  const hadPanel = !byId("panel").hidden;
  showPanel(node, state.place.tab, state.place.column, ways);
  if (hadPanel !== (node !== null)) measureMap();
  if (isOther) camera.begin();
  markCurrent(node?.id ?? null);
  light();
  document.title = node === null ? `${project}: ${state.place.view}` : `${node.id} · ${project}`;
  if (node !== null) arrive(node, before);
  else if (before.model !== null) returnFocus(before.model);
}

/** Bring the node whose page was opened into sight. */
function arrive(node, before) {
  const box = boxOf(node.index);
  if (box && (before.model !== node.id || before.view !== state.place.view)) camera.reveal(box, besides(node.index));
  if (before.model === node.id) return;
  state.isSearching = false;
  light();
  if (isNarrow()) showSide(false);
  say(`${node.id}, ${node.kind}`);
  if (isNarrow()) byId("panel").focus({ preventScroll: true });
}

/** The boxes that lines lead to from a node. */
function besides(index) {
  const others = scene().lines.flatMap((line) => (line.source === index ? [line.target] : line.target === index ? [line.source] : []));
  return others.slice(0, 40).map(boxOf).filter(Boolean);
}

/** Where the focus was before a page was opened. */
function returnFocus(id) {
  if (document.activeElement !== document.body) return;
  const link = byId("boxes").querySelector(`[data-id="${CSS.escape(id)}"]`);
  (link ?? byId("map")).focus({ preventScroll: true });
}

function showView(node) {
  const { view } = state.place;
  const next = view === "focus" ? focusScene(node.index, linkOf) : (state.scenes[view] ??= SCENES[view](linkOf));
  showScene(next);
  showLegend(next);
  showLaneNames(next);
  for (const link of document.querySelectorAll('#list a, #panel a')) link.hash = link.hash.replace(/^#\/[^/]*/, `#/${view}`);
  byId("nothing").hidden = next.boxes.length > 0;
  byId("nothing").textContent = "No relationships are declared here.";
  byId("note").textContent = next.note ?? "";
}

/** The way from the whole graph to the lineage of the open model, and back. */
function showFocus(node) {
  const { view, tab, column } = state.place;
  const link = byId("focus");
  link.hidden = node === null || view === "relationships";
  if (link.hidden) return;
  link.textContent = view === "focus" ? "Whole graph" : "Only this lineage";
  link.href = linkTo({ view: view === "focus" ? "lineage" : "focus", model: node.id, tab, column });
}

/** Let stand out, by turns: the lineage of a column, what a search found, the lineage of the open model. */
function light() {
  const node = state.place.model === null ? null : nodeOf(state.place.model);
  const selected = node?.index ?? null;
  const column = state.hovered ?? (state.place.tab === "columns" ? state.place.column : null);
  state.emphasis = emphasisOf(node, column);
  byId("fit-lit").hidden = state.emphasis === null || boxesOf(state.emphasis.nodes).length === 0;
  emphasise(state.emphasis, selected);
}

const boxesOf = (indices) => scene().boxes.filter((box) => indices.has(box.node));

function emphasisOf(node, column) {
  if (node && column !== null) {
    const { columns, pairs } = columnLineageOf(node.index, column);
    return { nodes: new Set(columns.keys()), columns, lines: (line) => pairs.has(`${line.source}>${line.target}`) };
  }
  if (state.found !== null && (state.isSearching || !node)) return { nodes: state.found, lines: (line) => state.found.has(line.source) && state.found.has(line.target) };
  if (!node) return null;
  if (state.place.view === "focus") return null;
  if (state.place.view === "relationships") return related(node.index);
  const { up, down, all } = lineageOf(node.index);
  return { nodes: all, lines: (line) => (up.has(line.source) && up.has(line.target)) || (down.has(line.source) && down.has(line.target)) };
}

function related(index) {
  const lines = scene().lines.filter((line) => line.source === index || line.target === index);
  if (lines.length === 0) return null;
  return { nodes: new Set([index, ...lines.flatMap((line) => [line.source, line.target])]), lines: (line) => line.source === index || line.target === index };
}

function showLaneNames({ lanes }) {
  byId("lanes").replaceChildren(...lanes.map((lane) => el("div", { class: `lane layer-${lane.number}` })));
  byId("lane-names").replaceChildren(
    ...lanes.map((lane) => el("div", { class: `lane-name layer-${lane.number}` }, el("span", {}, lane.name), el("span", { class: "count" }, lane.count.toLocaleString("en")))),
  );
}

/** The lanes are as high as the map, and their names stay at its upper border, in the middle of what is seen of each. */
function followLanes({ x, k }, { lanes }) {
  lanes.forEach((lane, place) => {
    const [left, right] = [lane.left * k + x, lane.right * k + x];
    const [start, end] = [Math.max(left, 0), Math.min(right, camera.width)];
    stretch(byId("lanes").children[place], left, right);
    stretch(byId("lane-names").children[place], start, end);
    byId("lane-names").children[place].hidden = end - start < 12;
  });
}

function stretch(element, left, right) {
  Object.assign(element.style, { transform: `translateX(${left}px)`, width: `${right - left}px` });
}

function startPointer() {
  byId("boxes").addEventListener("pointerover", (event) => markNear(event.target.closest("#boxes > a")?.box.node ?? null));
  byId("boxes").addEventListener("pointerout", () => markNear(null));
  byId("map").addEventListener("click", (event) => {
    const link = event.target.closest("#boxes > a");
    if (link && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
    event.preventDefault();
    const index = link ? link.box.node : isFarAway() ? nodeAt(event.clientX, event.clientY) : null;
    const { tab } = state.place;
    if (index !== null) ways.goTo({ model: nodes[index].id, tab: nodes[index].isModel ? tab : "overview", column: null });
    else if (state.place.model !== null) ways.goTo({ model: null });
  });
  byId("map").addEventListener("pointermove", (event) => showTip(isFarAway() ? nodeAt(event.clientX, event.clientY) : null, event));
  byId("map").addEventListener("pointerleave", () => showTip(null));
}

/** From far away, the name of what is under the pointer. */
function showTip(index, event) {
  const tip = byId("tip");
  tip.hidden = index === null;
  if (index === null) return;
  tip.textContent = nodes[index].id;
  const { left, top, width } = byId("stage").getBoundingClientRect();
  const x = Math.min(event.clientX - left + 14, width - tip.offsetWidth - 8);
  tip.style.transform = `translate(${x}px, ${event.clientY - top + 16}px)`;
}

function startBar() {
  byId("project").textContent = project;
  layers.forEach((layer, number) => {
    document.documentElement.style.setProperty(`--layer-${number}`, `light-dark(${layer.light}, ${layer.dark})`);
    document.styleSheets[0].insertRule(`.layer-${number} { --layer: var(--layer-${number}); }`);
  });
  if (lastRun !== null) {
    const troubled = nodes.filter((node) => troubleOf(node) !== null).length;
    const at = lastRun.at.slice(0, 16).replace("T", " ");
    byId("run").append(el("span", { class: "run-at" }, `Last run ${at} UTC`), runVerdict(troubled));
  }
  byId("toggle-side").addEventListener("click", () => {
    showSide(!isSideOpen());
    if (isSideOpen() && isNarrow()) byId("query").focus();
  });
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    showSide(true);
    byId("list").focus();
  });
  byId("zoom-in").addEventListener("click", () => camera.zoomBy(1.4));
  byId("zoom-out").addEventListener("click", () => camera.zoomBy(1 / 1.4));
  byId("fit-lit").addEventListener("click", () => camera.show(boxesOf(state.emphasis.nodes)));
  byId("fit").addEventListener("click", () => camera.fit());
}

function runVerdict(troubled) {
  const isFailed = lastRun.state === "failed";
  if (!isFailed && troubled === 0) return el("span", { class: "all-good" }, lastRun.state === "completed" ? "no failures" : "not finished");
  const words = troubled === 0 ? "failed" : `${counted(troubled, "model")} with failures`;
  return el("span", { class: isFailed ? "trouble bad" : "trouble", title: lastRun.problem }, icon("M10 3.5 17.5 16.5h-15z", "M10 8.5v3.6M10 14.2v.2"), words);
}

function escape() {
  if (state.place.column !== null) ways.goTo({ column: null });
  else if (isNarrow() && isSideOpen()) showSide(false);
  else if (state.place.model !== null) ways.goTo({ model: null });
  else if (state.found !== null) clearQuery();
}

startTheme(() => light());
startBar();
showSide(!isNarrow());
const camera = startMap(followLanes);
startKeyboard(camera, escape);
startPointer();
show();
startList(
  (node, column) => linkWith({ model: node.id, ...(column === null ? {} : { tab: "columns", column }) }),
  (found) => {
    Object.assign(state, { found, isSearching: found !== null });
    light();
  },
);
markCurrent(state.place.model);
addEventListener("hashchange", show);
new ResizeObserver(measureMap).observe(byId("stage"));
document.documentElement.dataset.ready = "true";
