// The page: the map, the list and a model's page show the address in the URL.

import { fillBar } from "./bar.js";
import { columnScene } from "./column_scene.js";
import { columnsOf, nodeOf, nodes, project } from "./data.js";
import { showDocs, titleOf } from "./docs.js";
import { byId, say } from "./dom.js";
import { emphasisOf } from "./emphasis.js";
import { focusScene } from "./focus_scene.js";
import { startKeyboard } from "./keyboard.js";
import { showLegend } from "./legend.js";
import { followLanes, showLanes } from "./lanes.js";
import { lineageScene } from "./lineage_scene.js";
import { clearQuery, find, markCurrent, startList } from "./list.js";
import { drawMinimap, followMinimap, startMinimap } from "./minimap.js";
import {
  boxOf,
  elementOf,
  emphasise,
  isFarAway,
  markNear,
  measureMap,
  nodeAt,
  scene,
  showScene,
  startMap,
} from "./map.js";
import { showPanel } from "./panel.js";
import { goTo, linkTo, readAddress } from "./address.js";
import { startPictures } from "./picture.js";
import { relationshipScene } from "./relationship_scene.js";
import { isNarrow, isSideOpen, showSide } from "./side.js";
import { stretchRows } from "./stretch.js";
import { startTheme } from "./theme.js";

/** The smallest scale at which search results are shown together. */
const OF_SEARCH = 0.55;
const NOWHERE = { docs: null, view: null, model: null, tab: "overview", column: null };
const state = {
  address: NOWHERE,
  hovered: null,
  found: null,
  isSearching: false,
  isByKeys: false,
  opener: null,
  emphasis: null,
  unfolded: new Set(),
  scenes: {},
};
const SCENES = { lineage: lineageScene, relationships: relationshipScene };
const OF_A_MODEL = new Set(["focus", "columns"]);
const TABS = { lineage: ["lineage", "focus", "columns"], relationships: ["relationships"] };

const linkWith = (change) => linkTo({ ...state.address, tab: "overview", column: null, ...change });
const linkOf = (index) => linkWith({ model: nodes[index].id });
const ways = {
  linkTo: linkWith,
  goTo: (change) =>
    goTo({ ...state.address, ...change, ...(change.model === null ? { tab: "overview", column: null } : {}) }),
  hover: (column) => {
    state.hovered = column;
    highlight();
  },
};

/** Show the address in the URL. */
function show() {
  const before = state.address;
  state.address = readAddress();
  const node = state.address.model === null ? null : (nodeOf(state.address.model) ?? null);
  if (OF_A_MODEL.has(state.address.view) && node === null) state.address.view = "lineage";
  if (node === null || !columnsOf(node).some(({ name }) => name === state.address.column)) state.address.column = null;
  const { view, model, column } = state.address;
  const isOther =
    view !== before.view ||
    (OF_A_MODEL.has(view) && model !== before.model) ||
    (view === "columns" && column !== before.column);
  if (isOther) {
    state.unfolded.clear();
    showView(node);
  }
  for (const view of Object.keys(SCENES)) {
    const link = byId(`view-${view}`);
    link.href = linkTo({ ...state.address, view });
    if (state.address.docs === null && TABS[view].includes(state.address.view))
      link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (state.address.docs === null) byId("view-docs").removeAttribute("aria-current");
  else byId("view-docs").setAttribute("aria-current", "page");
  showDocs(state.address.docs, (id) => linkTo({ view: "lineage", model: id }));
  state.hovered = null;
  showFocus(node);
  const hadPanel = !byId("panel").hidden;
  showPanel(node, state.address.tab, state.address.column, ways);
  if (hadPanel !== (node !== null)) measureMap();
  if (isOther) camera.begin();
  markCurrent(node?.id ?? null);
  highlight();
  document.title = node === null ? `${project}: ${titleOfView()}` : `${node.id} · ${project}`;
  if (node !== null) arrive(node, before);
  else if (before.model !== null) returnFocus(before.model);
  document.documentElement.dataset.shown = location.hash;
}

const titleOfView = () => (state.address.docs === null ? state.address.view : titleOf(state.address.docs));

/** Show the lineage of the node whose page was opened, or of the column that was chosen. */
function arrive(node, before) {
  const { view, column } = state.address;
  const isNew = before.model !== node.id || before.view !== view;
  const box = boxOf(node.index);
  if (box && (isNew || (column !== null && column !== before.column))) {
    const lineage = state.emphasis === null ? scene().boxes : boxesOf(state.emphasis.nodes);
    const near = besides(node.index);
    const [inputs, after] = [near.filter((other) => other.x < box.x), near.filter((other) => other.x > box.x)];
    camera.frame([lineage, near, after, inputs, []].map((others) => [box, ...others]));
  }
  if (before.model === node.id) return;
  state.isSearching = false;
  highlight();
  if (isNarrow()) showSide(false);
  say(`${node.id}, ${node.kind}`);
  if (!state.isByKeys && !isNarrow()) return;
  state.opener = document.activeElement;
  byId("panel").focus({ preventScroll: true });
}

/** The boxes that lines lead to from a node. */
function besides(index) {
  const others = scene().lines.flatMap((line) =>
    line.source === index ? [line.target] : line.target === index ? [line.source] : [],
  );
  return others.slice(0, 40).map(boxOf).filter(Boolean);
}

/** Return the focus to where it was before a page was opened, unless it has moved. */
function returnFocus(id) {
  if (document.activeElement !== document.body) return;
  const link = byId("boxes").querySelector(`[data-id="${CSS.escape(id)}"]`);
  const isOpenerThere = state.opener?.isConnected && state.opener !== document.body && state.opener.checkVisibility();
  (isOpenerThere ? state.opener : (link ?? byId("map"))).focus({ preventScroll: true });
}

const stretched = (its) => stretchRows(its, camera.room(), camera.firstScale);
const sceneOf = (view) => (view === "lineage" ? stretched(lineageScene(linkOf)) : SCENES[view](linkOf));

const sceneOfModel = (view, node, column) =>
  view === "focus"
    ? stretched(focusScene(node.index, linkOf))
    : columnScene(node.index, column, state.unfolded, linkOf);

function showView(node) {
  const { view, column } = state.address;
  const next = OF_A_MODEL.has(view) ? sceneOfModel(view, node, column) : (state.scenes[view] ??= sceneOf(view));
  showTip(null);
  showLanes(next);
  showScene(next);
  showLegend(next);
  for (const link of document.querySelectorAll("#list a[data-id], #panel a"))
    link.hash = link.hash.replace(/^#\/[^/]*/, `#/${view}`);
  byId("nothing").hidden = next.boxes.length > 0;
  byId("nothing").textContent = "No relationships are declared.";
  byId("note").textContent = next.note ?? "";
}

/** Update the links between the whole graph, the lineage of the open model, and that of its columns. */
function showFocus(node) {
  const { view, tab, column } = state.address;
  const links = [
    ["focus", view === "lineage" ? "focus" : "lineage", view === "lineage" ? "Only this lineage" : "Whole graph"],
    ["of-columns", view === "columns" ? "focus" : "columns", view === "columns" ? "Tables" : "Column lineage"],
  ];
  for (const [id, other, words] of links) {
    const link = byId(id);
    link.hidden = node === null || view === "relationships" || (id === "of-columns" && node.columns.length === 0);
    if (link.hidden) continue;
    link.textContent = words;
    link.href = linkTo({ view: other, model: node.id, tab, column });
  }
}

/** Unfold a card to all of its columns, or fold it. */
function toggleFold(index) {
  if (!state.unfolded.delete(index)) state.unfolded.add(index);
  showView(nodeOf(state.address.model));
  highlight();
  camera.frame([[boxOf(index)]]);
  elementOf(index).focus({ preventScroll: true });
}

/** Highlight what the reader looks at. */
function highlight() {
  const node = state.address.model === null ? null : (nodeOf(state.address.model) ?? null);
  const selected = node?.index ?? null;
  const column = state.hovered ?? (state.address.tab === "columns" ? state.address.column : null);
  const found = state.isSearching || node === null ? state.found : null;
  state.emphasis = emphasisOf(node, column, found, scene());
  drawMinimap(scene(), state.emphasis);
  followMinimap(camera.transform(), scene(), camera);
  byId("fit-lit").hidden = state.emphasis === null || boxesOf(state.emphasis.nodes).length === 0;
  emphasise(state.emphasis, selected);
}

const boxesOf = (indices) => scene().boxes.filter((box) => indices.has(box.node));

function startPointer() {
  byId("boxes").addEventListener("pointerover", (event) =>
    markNear(event.target.closest("#boxes > a")?.box.node ?? null),
  );
  byId("boxes").addEventListener("pointerout", () => markNear(null));
  byId("map").addEventListener("click", (event) => {
    const link = event.target.closest("#boxes > a");
    if (link && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
    event.preventDefault();
    if (link && event.target.closest(".fold")) return toggleFold(link.box.node);
    const row = scene().isOfColumns ? event.target.closest("[data-column]") : null;
    if (row) return ways.goTo({ model: link.dataset.id, tab: "columns", column: row.dataset.column });
    const index = link ? link.box.node : isFarAway() ? nodeAt(event.clientX, event.clientY) : null;
    const { tab } = state.address;
    if (index !== null)
      ways.goTo({ model: nodes[index].id, tab: nodes[index].isModel ? tab : "overview", column: null });
    else if (state.address.model !== null) ways.goTo({ model: null });
  });
  byId("boxes").addEventListener("keydown", (event) => {
    const fold = event.key === " " ? event.target.querySelector(".fold") : null;
    if (!fold) return;
    event.preventDefault();
    toggleFold(event.target.box.node);
  });
  byId("map").addEventListener("pointermove", (event) =>
    showTip(isFarAway() ? nodeAt(event.clientX, event.clientY) : null, event),
  );
  byId("map").addEventListener("pointerleave", () => showTip(null));
}

let framing = 0;

/** Show the models that were found, or the best of them, once the reader has stopped typing. */
function frameFound() {
  clearTimeout(framing);
  if (state.found === null || state.found.size === 0) return;
  framing = setTimeout(() => {
    const its = state.found === null ? [] : [...state.found].map(boxOf).filter(Boolean);
    camera.frame([its, its.slice(0, 30), its.slice(0, 8), its.slice(0, 1)], OF_SEARCH);
  }, 160);
}

/** Zoomed far out, show the name of the node under the pointer. */
function showTip(index, event) {
  const tip = byId("tip");
  tip.hidden = index === null;
  if (index === null) return;
  tip.textContent = nodes[index].id;
  const { left, top, width } = byId("stage").getBoundingClientRect();
  const x = Math.min(event.clientX - left + 14, width - tip.offsetWidth - 8);
  tip.style.transform = `translate(${x}px, ${event.clientY - top + 16}px)`;
}

function startButtons() {
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

function escape() {
  if (state.address.column !== null) ways.goTo({ column: null });
  else if (isNarrow() && isSideOpen()) showSide(false);
  else if (state.address.model !== null) ways.goTo({ model: null });
  else if (state.found !== null) clearQuery();
}

startTheme(() => highlight());
fillBar((words) => {
  showSide(true);
  find(words);
});
startButtons();
showSide(!isNarrow());
const camera = startMap((transform, shown) => {
  followLanes(transform, shown, camera.width);
  followMinimap(transform, shown, camera);
  showTip(null);
});
startMinimap(camera.centreOn);
startPictures(scene, () =>
  [project, state.address.view, state.address.model]
    .filter(Boolean)
    .join("-")
    .replace(/[^\w.-]+/g, "_"),
);
startKeyboard(camera, escape);
startPointer();
show();
startList(
  (node, column) => linkWith({ model: node.id, ...(column === null ? {} : { tab: "columns", column }) }),
  (found) => {
    Object.assign(state, { found, isSearching: found !== null });
    highlight();
    frameFound();
  },
);
markCurrent(state.address.model);
addEventListener("hashchange", show);
for (const event of ["keydown", "pointerdown"]) {
  addEventListener(
    event,
    () => {
      state.isByKeys = event === "keydown";
      showTip(null);
    },
    true,
  );
}
addEventListener("blur", () => showTip(null));
new ResizeObserver(measureMap).observe(byId("stage"));
document.documentElement.dataset.ready = "true";
