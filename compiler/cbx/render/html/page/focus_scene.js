// The lineage of a single model, laid out by Dagre.

import { edges, nodes } from "./data.js";
import { boundsOf } from "./curve.js";
import { layOut, routeThrough } from "./dagre_layout.js";
import { nearestLineageOf } from "./lineage.js";
import { card, LINEAGE_LEGEND, line } from "./lineage_scene.js";

const MOST = 250;

/** What the map shows; `linkOf` gives the fragment for a node's index. */
export function focusScene(index, linkOf) {
  const { all, isWhole } = nearestLineageOf(index, MOST);
  const its = edges.filter((edge) => all.has(edge.source) && all.has(edge.target) && edge.source !== edge.target);
  const sizes = [...all].sort((left, right) => left - right).map((node) => ({ node, ...sizeOf(node) }));
  const { boxes, width, height, passes } = layOut(sizes, its);
  return {
    label: `Lineage of ${nodes[index].id}`,
    note: isWhole ? null : `Nearest ${MOST} models of the lineage`,
    isLineage: true,
    isFocus: true,
    width,
    height,
    lanes: [],
    boxes: [...boxes.values()],
    lines: its.map((edge) => {
      const [start, end] = [boxes.get(edge.source), boxes.get(edge.target)];
      const route = routeThrough([start.x + start.width, start.y + start.height / 2], passes(edge), [
        end.x,
        end.y + end.height / 2,
      ]);
      return { source: edge.source, target: edge.target, isStream: edge.isStream, route, bounds: boundsOf(route) };
    }),
    drawBox: (box) => card(nodes[box.node], linkOf),
    drawLine: line,
    legend: LINEAGE_LEGEND,
  };
}

const sizeOf = (node) => ({ width: nodes[node].box.width, height: nodes[node].box.height });
