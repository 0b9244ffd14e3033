// The upstream and downstream of models and columns.

import { columnsOf, nodes, readBy, reads } from "./data.js";

/** The indices of all nodes upstream and downstream of a node, with itself. */
export function lineageOf(index) {
  const up = reachableFrom(index, (node) => reads[node].map((edge) => edge.source));
  const down = reachableFrom(index, (node) => readBy[node].map((edge) => edge.target));
  return { up, down, all: new Set([...up, ...down]) };
}

function reachableFrom(start, steps) {
  const seen = new Set([start]);
  const waiting = [start];
  while (waiting.length > 0) {
    for (const node of steps(waiting.pop())) {
      if (!seen.has(node)) {
        seen.add(node);
        waiting.push(node);
      }
    }
  }
  return seen;
}

/** A number of the nearest nodes of a node's lineage, and whether that is the whole lineage. */
export function nearestLineageOf(index, most) {
  const { all } = lineageOf(index);
  if (all.size <= most) return { all, isWhole: true };
  const near = new Set([index]);
  for (const node of near) {
    for (const other of [...reads[node].map((edge) => edge.source), ...readBy[node].map((edge) => edge.target)]) {
      if (all.has(other) && near.size < most) near.add(other);
    }
  }
  return { all: near, isWhole: false };
}

let readers = null;

/** The columns computed from a column, by node and name; indexed at the first call. */
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
 * How a column gets its values from another one: `passed` as they are, `renamed`, or `computed`.
 * @param {number} index the node of the column
 * @param {string} name
 * @param {string} origin the name of the other column
 */
export function stepOf(index, name, origin) {
  const column = columnsOf(nodes[index]).find((candidate) => candidate.name === name);
  return column?.isComputed ? "computed" : name.toLowerCase() === origin.toLowerCase() ? "passed" : "renamed";
}

/**
 * The lineage of a column, upstream and downstream.
 * @returns {{columns: Map<number, Set<string>>, pairs: Set<string>, steps: Map<string, object>}} the columns that take
 *   part by node, the pairs of nodes between which values go, as "from>to", and the steps from column to column
 */
export function columnLineageOf(index, name) {
  return lineageOfColumns(index, [name]);
}

/** What identifies a step from a column to another one. */
export const stepKey = (source, origin, target, made) => JSON.stringify([source, origin, target, made]);

/** The lineage of some columns of a node. */
export function lineageOfColumns(index, names) {
  const columns = new Map([[index, new Set(names)]]);
  const pairs = new Set();
  const steps = new Map();
  const note = (source, origin, target, made) => {
    pairs.add(`${source}>${target}`);
    steps.set(stepKey(source, origin, target, made), { source, origin, target, made });
  };
  for (const name of names) {
    follow(index, name, originsOf, columns, (...[here, made, further, origin]) => note(further, origin, here, made));
    follow(index, name, readersOf, columns, (...[here, origin, further, made]) => note(here, origin, further, made));
  }
  return { columns, pairs, steps };
}

function follow(index, name, steps, columns, note) {
  const seen = new Set();
  const waiting = [[index, name]];
  while (waiting.length > 0) {
    const [here, column] = waiting.pop();
    for (const [further, other] of steps(here, column)) {
      note(here, column, further, other);
      if (seen.has(`${further} ${other}`)) continue;
      seen.add(`${further} ${other}`);
      if (!columns.has(further)) columns.set(further, new Set());
      columns.get(further).add(other);
      waiting.push([further, other]);
    }
  }
}
