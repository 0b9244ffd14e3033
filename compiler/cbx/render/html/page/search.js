// Search for models and columns by parts of their names.

import { nodes } from "./data.js";
import { RESULTS, violationsOf } from "./violations.js";

let entries = null;

/** The searchable texts of each node in lower case, created at the first search. */
function entriesOf() {
  entries ??= nodes.map((node) => ({
    node,
    id: node.id.toLowerCase(),
    columns: node.columns.map((column) => column[0].toLowerCase()),
    rest: [node.description, node.kind, node.owner ?? "", ...node.tags, ...node.rules.map((rule) => rule[0])]
      .join(" ")
      .toLowerCase(),
  }));
  return entries;
}

/**
 * The nodes that contain every word, best matches first.
 * @param {string} query
 * @returns {{node: object, column: string|null}[]} `column` is the matching column, if a column matched
 */
export function search(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  for (const entry of entriesOf()) {
    let rank = 0;
    let column = null;
    const isFound = words.every((word) => {
      const [its, place] = match(entry, word);
      rank = Math.max(rank, its);
      if (place !== null) column ??= entry.node.columns[place][0];
      return its < NOWHERE;
    });
    if (isFound) found.push({ node: entry.node, column, rank });
  }
  return found.sort((left, right) => left.rank - right.rank || left.node.index - right.node.index);
}

const NOWHERE = 9;

/** How well a word matches a node (less is better), and the index of the matching column. */
function match(entry, word) {
  if (word.startsWith("result:")) return [violationsOf(entry.node).has(RESULTS[word.slice(7)]) ? 0 : NOWHERE, null];
  const name = entry.id.slice(entry.id.indexOf(".") + 1);
  if (name === word || entry.id === word) return [0, null];
  if (name.startsWith(word)) return [1, null];
  if (entry.id.includes(word)) return [2, null];
  const place = entry.columns.findIndex((column) => column.includes(word));
  if (place >= 0) return [entry.columns[place] === word ? 3 : 4, place];
  return [entry.rest.includes(word) ? 5 : NOWHERE, null];
}
