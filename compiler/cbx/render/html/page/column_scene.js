// The lineage of the columns of a model, or of one of them: cards with the columns that take part, and lines from column
// to column. A card unfolds to all of its columns.

import { columnsOf, layers, nodes } from "./data.js";
import { arrowheadOf, boundsOf, pathOf } from "./curve.js";
import { layOut, routeThrough } from "./dagre_layout.js";
import { el, svg } from "./dom.js";
import { lineageOfColumns, stepOf } from "./lineage.js";

const HEAD = 44;
const ROW = 23;
const FOOT = 6;
const MOST = 120;
const LETTER = 7.6;
const BOLD_LETTER = 8.6;
const NARROWEST = 150;
const WIDEST = 320;
export const COLUMN_LEGEND = [
  ["passed", "passed on"],
  ["renamed", "renamed"],
  ["computed", "computed"],
];

/**
 * What the map shows.
 * @param {number} index the node
 * @param {string|null} column its only column; null for all columns
 * @param {Set<number>} unfolded the nodes that show all their columns
 * @param {function(number, string|null): string} linkOf the fragment for a node's index and a column
 */
export function columnScene(index, column, unfolded, linkOf) {
  const names = column === null ? columnsOf(nodes[index]).map(({ name }) => name) : [column];
  const { columns, steps } = lineageOfColumns(index, names);
  const shown = new Map(
    [...columns].slice(0, MOST).map(([node, its]) => [node, rowsOf(node, its, unfolded.has(node))]),
  );
  const its = [...steps.values()].filter(
    ({ source, target }) => shown.has(source) && shown.has(target) && source !== target,
  );
  const pairs = new Map(its.map((step) => [`${step.source}>${step.target}`, step]));
  const sizes = [...shown]
    .sort(([left], [right]) => left - right)
    .map(([node, rows]) => ({ node, ...sizeOf(node, rows) }));
  const { boxes, width, height, passes } = layOut(sizes, [...pairs.values()]);
  const levelOf = (node, name) => {
    const place = shown.get(node).findIndex((row) => row.name === name);
    return boxes.get(node).y + HEAD + ROW * (place + 0.5);
  };
  return {
    label: column === null ? `Columns of ${nodes[index].id}` : `Column ${column} of ${nodes[index].id}`,
    note: columns.size > MOST ? `${MOST} of ${columns.size} tables of this lineage` : null,
    isLineage: true,
    isFocus: true,
    isOfColumns: true,
    column,
    width,
    height,
    lanes: [],
    boxes: [...boxes.values()],
    lines: its.map((step) => {
      const [start, end] = [boxes.get(step.source), boxes.get(step.target)];
      const route = routeThrough([start.x + start.width, levelOf(step.source, step.origin)], passes(step), [
        end.x,
        levelOf(step.target, step.made),
      ]);
      return { ...step, kind: stepOf(step.target, step.made, step.origin), route, bounds: boundsOf(route) };
    }),
    drawBox: (box) => table(nodes[box.node], shown.get(box.node), box.node === index ? column : null, linkOf),
    drawLine: line,
    legend: COLUMN_LEGEND,
  };
}

/** The rows of a card: the columns that take part, or all of them; then how many more there are. */
function rowsOf(node, its, isUnfolded) {
  const all = columnsOf(nodes[node]).map(({ name }) => name);
  const taking = all.length === 0 ? [...its].sort() : all.filter((name) => its.has(name));
  const further = [...its].filter((name) => !all.includes(name));
  const names = isUnfolded ? [...all, ...further] : [...taking, ...(all.length === 0 ? [] : further)];
  const rows = names.map((name) => ({ name, isTaking: its.has(name) }));
  const more = all.length - taking.length;
  if (more > 0) rows.push({ name: null, words: isUnfolded ? "fewer columns" : `${more} more` });
  return rows;
}

function sizeOf(node, rows) {
  const head = nodes[node].name.length * BOLD_LETTER + layers[nodes[node].layer].name.length * LETTER + 12;
  const widest = Math.max(head, ...rows.map((row) => (row.name ?? "").length * LETTER));
  return {
    width: Math.round(Math.max(NARROWEST, Math.min(widest + 40, WIDEST))),
    height: HEAD + ROW * rows.length + FOOT,
  };
}

function table(node, rows, pinned, linkOf) {
  return el(
    "a",
    {
      class: `entity table layer-${node.layer}${node.isModel ? "" : " outside"}`,
      href: linkOf(node.index, null),
      draggable: "false",
      "data-id": node.id,
    },
    el("span", { class: "entity-name", title: node.id }, node.name, el("small", {}, layers[node.layer].name)),
    ...rows.map((row) =>
      row.name === null
        ? el("span", { class: "entity-row fold" }, row.words)
        : el(
            "span",
            {
              class: `entity-row${row.isTaking ? " taking" : ""}${row.name === pinned ? " pinned" : ""}`,
              "data-column": row.name,
            },
            el("span", { class: "row-name", title: row.name }, row.name),
          ),
    ),
  );
}

function line({ kind, route }) {
  return svg(
    "g",
    { class: `line ${kind}` },
    svg("path", { class: "way", d: pathOf(route) }),
    svg("path", { class: "head", d: arrowheadOf(route) }),
  );
}
