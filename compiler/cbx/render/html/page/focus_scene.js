// The lineage of a single model, laid out by Dagre.

import { edges, layers, nodes } from "./data.js";
import { boundsOf } from "./curve.js";
import { nearestLineageOf } from "./lineage.js";
import { card, LINEAGE_LEGEND, line } from "./lineage_scene.js";

const MOST = 250;
const LEAD = 16;

/** What the map shows; `linkOf` gives the fragment for a node's index. */
export function focusScene(index, linkOf) {
  const { all, isWhole } = nearestLineageOf(index, MOST);
  const its = edges.filter((edge) => all.has(edge.source) && all.has(edge.target));
  const layout = layOut(
    [...all].sort((left, right) => left - right),
    its,
  );
  const { width, height } = layout.graph();
  return {
    label: `Lineage of ${nodes[index].id}`,
    note: isWhole ? null : `Nearest ${MOST} models of the lineage`,
    isLineage: true,
    isFocus: true,
    width,
    height,
    lanes: [],
    boxes: [...all].map((node) => boxOf(node, layout.node(String(node)))),
    lines: its.map((edge) => {
      const route = routeOf(layout, edge);
      return { source: edge.source, target: edge.target, isStream: edge.isStream, route, bounds: boundsOf(route) };
    }),
    drawBox: (box) => card(nodes[box.node], linkOf, wordsOf(nodes[box.node])),
    drawLine: line,
    legend: LINEAGE_LEGEND,
  };
}

/** The layer, since there are no lanes here, and the kind. */
function wordsOf(node) {
  const layer = layers[node.layer].name;
  return `${layer} · ${node.kind}`;
}

function layOut(indices, its) {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 40, edgesep: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const index of indices)
    graph.setNode(String(index), { width: nodes[index].box.width, height: nodes[index].box.height });
  for (const { source, target } of its) graph.setEdge(String(source), String(target));
  dagre.layout(graph);
  return graph;
}

function boxOf(node, { x, y, width, height }) {
  return { node, x: Math.round(x - width / 2), y: Math.round(y - height / 2), width, height };
}

/** From the right border through Dagre's points to the left border. */
function routeOf(layout, { source, target }) {
  const [from, to] = [layout.node(String(source)), layout.node(String(target))];
  const between = layout.edge(String(source), String(target)).points.slice(1, -1);
  const [start, end] = [from.x + from.width / 2, to.x - to.width / 2];
  const straight = between.length > 1 ? between : [];
  const points = [
    [start, from.y],
    [start + LEAD, from.y],
    ...straight.map(({ x, y }) => [x, y]),
    [end - LEAD, to.y],
    [end, to.y],
  ];
  return points.flat().map(Math.round);
}
