// What is highlighted on the map.

import { columnLineageOf, lineageOf, stepKey } from "./lineage.js";

/**
 * What is highlighted: the lineage of a column, else the search results, else the lineage of the open model.
 * @param {object|null} node the node whose page is open
 * @param {string|null} column the column that is pinned or under the pointer
 * @param {Set<number>|null} found the search results, if the reader is searching
 * @param {object} scene
 * @returns {null|{nodes: Set<number>, lines: function(object): boolean, columns?: Map<number, Set<string>>}}
 */
export function emphasisOf(node, column, found, scene) {
  if (node && column !== null && column !== scene.column) return columnEmphasis(node.index, column);
  if (found !== null) return { nodes: found, lines: (line) => found.has(line.source) && found.has(line.target) };
  if (!node || scene.isFocus) return null;
  return scene.isLineage ? lineageEmphasis(node.index) : relationshipEmphasis(node.index, scene);
}

function columnEmphasis(index, column) {
  const { columns, pairs, steps } = columnLineageOf(index, column);
  const isIn = ({ source, origin, target, made }) => steps.has(stepKey(source, origin, target, made));
  const lines = (line) => (line.made === undefined ? pairs.has(`${line.source}>${line.target}`) : isIn(line));
  return { nodes: new Set(columns.keys()), columns, lines };
}

function lineageEmphasis(index) {
  const { up, down, all } = lineageOf(index);
  return {
    nodes: all,
    lines: (line) => (up.has(line.source) && up.has(line.target)) || (down.has(line.source) && down.has(line.target)),
  };
}

function relationshipEmphasis(index, scene) {
  const isAt = (line) => line.source === index || line.target === index;
  const lines = scene.lines.filter(isAt);
  if (lines.length === 0) return null;
  return { nodes: new Set([index, ...lines.flatMap((line) => [line.source, line.target])]), lines: isAt };
}
