// Layouts by Dagre, from left to right; lines pass the boxes between their ends at the place that Dagre keeps free.

const LEAD = 0.36;

/**
 * Lay out boxes and the lines between them.
 * @param {{node: number, width: number, height: number}[]} sizes
 * @param {{source: number, target: number}[]} lines each pair of nodes once
 * @returns {{boxes: Map<number, object>, width: number, height: number, passes: function(object): number[][]}}
 *   `passes` gives where a line passes other ranks: left, right and y
 */
export function layOut(sizes, lines) {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 48, edgesep: 14 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { node, width, height } of sizes) graph.setNode(String(node), { width, height });
  for (const { source, target } of lines) graph.setEdge(String(source), String(target));
  dagre.layout(graph);
  const boxes = new Map(
    sizes.map(({ node, width, height }) => {
      const { x, y } = graph.node(String(node));
      return [node, { node, x: Math.round(x - width / 2), y: Math.round(y - height / 2), width, height }];
    }),
  );
  const ranks = ranksOf([...boxes.values()]);
  const passes = ({ source, target }) => {
    const [start, end] = [boxes.get(source), boxes.get(target)];
    const points = graph.edge(String(source), String(target)).points;
    return ranks
      .filter(([left, right]) => left >= start.x + start.width && right <= end.x)
      .map(([left, right]) => [left, right, levelAt(points, (left + right) / 2)]);
  };
  const { width, height } = graph.graph();
  return { boxes, width: width || 0, height: height || 0, passes };
}

/** The left and right border of each rank. */
function ranksOf(boxes) {
  const ranks = [];
  for (const { x, width } of boxes.sort((left, right) => left.x - right.x)) {
    const last = ranks.at(-1);
    if (last && x < last[1]) last[1] = Math.max(last[1], x + width);
    else ranks.push([x, x + width]);
  }
  return ranks;
}

/** The y coordinate of the point that is nearest to the middle of a rank. */
function levelAt(points, middle) {
  return points.reduce((best, point) => (Math.abs(point.x - middle) < Math.abs(best.x - middle) ? point : best)).y;
}

/** A route between two points, which is level where it passes ranks. */
export function routeThrough([x, y], passes, [endX, endY]) {
  const stops = [[x, x, y], ...passes, [endX, endX, endY]];
  const points = [x, y];
  for (let at = 1; at < stops.length; at += 1) {
    const [[, leave, from], [entry, far, level]] = [stops[at - 1], stops[at]];
    const lead = (entry - leave) * LEAD;
    points.push(leave + lead, from, entry - lead, level);
    if (at < stops.length - 1) points.push(Math.min(entry + lead, far), level, Math.max(far - lead, entry), level);
  }
  return [...points, endX, endY].map(Math.round);
}
