// The first view: a card for each model and source, in the lane of its layer.

import { arrowheadOf, boundsOf, pathOf } from "./curve.js";
import { edges, lastRun, layers, nodes, runOf, size } from "./data.js";
import { breakName, countWords, el, icon, secondsWords, svg } from "./dom.js";
import { troubleOf } from "./violations.js";

export const LINEAGE_LEGEND = [
  ["batch", "reads all rows (batch)"],
  ["stream", "reads new rows (stream)"],
];

/** How many letters about the last run fit on a line of a card. */
const ONE_LINE = 13;

/** What the map shows; `linkOf` gives the fragment for a node's index. */
export function lineageScene(linkOf) {
  return {
    label: "Lineage",
    isLineage: true,
    width: size.width,
    height: size.height,
    lanes: layers.map((layer, number) => ({
      number,
      name: layer.name,
      left: layer.left,
      right: layer.right,
      count: nodes.filter((node) => node.layer === number).length,
    })),
    boxes: nodes.map((node) => ({ node: node.index, ...node.box })),
    lines: edges.map((edge) => ({
      source: edge.source,
      target: edge.target,
      isStream: edge.isStream,
      route: edge.route,
      bounds: boundsOf(edge.route),
    })),
    drawBox: (box) => card(nodes[box.node], linkOf),
    drawLine: line,
    legend: LINEAGE_LEGEND,
  };
}

/** A line between two cards. */
export function line({ isStream, route }) {
  return svg(
    "g",
    { class: isStream ? "line stream" : "line batch" },
    svg("path", { class: "way", d: pathOf(route) }),
    svg("path", { class: "head", d: arrowheadOf(route) }),
  );
}

/** The card of a node: its name, its kind, and what the last run did. */
export function card(node, linkOf) {
  const trouble = troubleOf(node);
  return el(
    "a",
    {
      class: `card layer-${node.layer}${node.isModel ? "" : " outside"}${trouble?.words.length > ONE_LINE ? " long-trouble" : ""}`,
      href: linkOf(node.index),
      title: node.description ? `${node.id}\n${node.description}` : node.id,
      draggable: "false",
      "data-id": node.id,
    },
    el("span", { class: "unseen" }, node.isModel ? layers[node.layer].name : "source"),
    el("span", { class: "card-name" }, ...breakName(node.name)),
    el("span", { class: "card-kind" }, el("span", { class: "card-words" }, node.kind)),
    lastRun === null ? null : el("span", { class: "card-run" }, trouble ? troubleLine(trouble) : runWords(node)),
  );
}

function troubleLine({ isBad, words }) {
  return el(
    "span",
    { class: isBad ? "trouble bad" : "trouble", title: `last run: ${words}` },
    icon("M10 3.5 17.5 16.5h-15z", "M10 8.5v3.6M10 14.2v.2"),
    el("span", {}, words),
  );
}

/** What the last run did, in a few words: `9 rows · 0.4 s`. */
function runWords(node) {
  const run = runOf(node);
  if (run === null) return "";
  const result = run.status === "completed" && run.written !== null ? countWords(run.written, "row") : run.status;
  const words = run.seconds === null ? result : `${result} · ${secondsWords(run.seconds)}`;
  return el("span", { title: `last run: ${words}` }, words);
}
