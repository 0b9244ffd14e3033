// What a model or a column is made of, and what is made of it.

import { columnsOf, nodes, readBy, reads } from "./data.js";

/** All that a node is made of and all that is made of it, itself included: a set of indices. */
export function lineageOf(index) {
  const up = reached(index, (one) => reads[one].map((edge) => edge.source));
  const down = reached(index, (one) => readBy[one].map((edge) => edge.target));
  return { up, down, all: new Set([...up, ...down]) };
}

function reached(start, steps) {
  const seen = new Set([start]);
  const waiting = [start];
  while (waiting.length > 0) {
    for (const one of steps(waiting.pop())) {
      if (!seen.has(one)) {
        seen.add(one);
        waiting.push(one);
      }
    }
  }
  return seen;
}

/** As much of a node's lineage as a number of nodes, the nearest first; and whether that is all of it. */
export function nearestLineageOf(index, most) {
  const { all } = lineageOf(index);
  if (all.size <= most) return { all, isWhole: true };
  const near = new Set([index]);
  for (const one of near) {
    for (const other of [...reads[one].map((edge) => edge.source), ...readBy[one].map((edge) => edge.target)]) {
      if (all.has(other) && near.size < most) near.add(other);
    }
  }
  return { all: near, isWhole: false };
}

let readers = null;

/** The columns made of a column: by node and name. Made when it is first needed, since it is as large as the graph. */
function readersOf(index, name) {
  if (readers === null) {
    readers = nodes.map(() => new Map());
    for (const node of nodes) {
      for (const [made, , , , origins] of node.columns) {
        for (const [origin, column] of origins ?? []) {
          const known = readers[origin].get(column);
          if (known) known.push([node.index, made]);
          else readers[origin].set(column, [[node.index, made]]);
        }
      }
    }
  }
  return readers[index].get(name) ?? [];
}

function originsOf(index, name) {
  return columnsOf(nodes[index]).find((column) => column.name === name)?.origins ?? [];
}

/**
 * The lineage of a column both ways.
 * @returns {{columns: Map<number, Set<string>>, pairs: Set<string>}} the columns that take part by node, and the
 *   pairs of nodes between which values go, as "from>to"
 */
export function columnLineageOf(index, name) {
  const columns = new Map([[index, new Set([name])]]);
  const pairs = new Set();
  follow(index, name, originsOf, columns, (here, further) => pairs.add(`${further}>${here}`));
  follow(index, name, readersOf, columns, (here, further) => pairs.add(`${here}>${further}`));
  return { columns, pairs };
}

function follow(index, name, steps, columns, note) {
  const seen = new Set();
  const waiting = [[index, name]];
  while (waiting.length > 0) {
    const [here, column] = waiting.pop();
    for (const [further, other] of steps(here, column)) {
      note(here, further);
      if (seen.has(`${further} ${other}`)) continue;
      seen.add(`${further} ${other}`);
      if (!columns.has(further)) columns.set(further, new Set());
      columns.get(further).add(other);
      waiting.push([further, other]);
    }
  }
}
