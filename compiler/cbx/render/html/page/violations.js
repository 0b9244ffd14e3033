// What went wrong with a model in the last run, in numbers of rows. The log has the dropped rows of a table, and for
// each expectation the rows that violate it; rows that violate several of them are counted once where that is certain.

import { diagram, nodes } from "./data.js";

const KINDS = [
  ["dropped", (rows) => `${rows} dropped`],
  ["warned", (rows) => `${rows} warned`],
  ["without a parent", (rows) => `${rows} without a parent`],
  ["repeated keys", (rows, isOne) => `${rows} repeated key${isOne ? "" : "s"}`],
  ["failed tests", (rows, isOne) => `${rows} failed test${isOne ? "" : "s"}`],
];

/** The words of `result:` in the search, with the kind of violation that each finds. */
export const RESULTS = {
  failed: "failed",
  skipped: "skipped",
  dropped: "dropped",
  warned: "warned",
  orphaned: "without a parent",
  repeated: "repeated keys",
  tested: "failed tests",
};

const orphans = new Map();
for (const { child, check } of diagram.relations) {
  if (check?.failed > 0) orphans.set(child, (orphans.get(child) ?? 0) + check.failed);
}

/**
 * The violations of a node by kind, each as the least and the greatest number of rows.
 * @returns {Map<string, [number, number]>}
 */
export function violationsOf(node) {
  node.violations ??= countViolations(node);
  return node.violations;
}

function countViolations(node) {
  const counted = new Map();
  const add = (kind, rows) => rows !== null && rows[1] > 0 && counted.set(kind, rows);
  const status = node.run?.[0];
  if (status === "failed" || status === "skipped") counted.set(status, [1, 1]);
  const dropped = node.run?.[2] ?? null;
  add("dropped", dropped === null ? rowsOf(node, "drop") : [dropped, dropped]);
  add("warned", rowsOf(node, "warn"));
  const lost = orphans.get(node.index) ?? 0;
  add("without a parent", [lost, lost]);
  const repeated = node.keys.reduce((sum, [, , check]) => sum + (check?.[2] ?? 0), 0);
  add("repeated keys", [repeated, repeated]);
  const tests = node.rules.filter((rule) => rule[6] === 1 && rule[4] > 0).length;
  add("failed tests", [tests, tests]);
  return counted;
}

/** How many rows violate expectations of a kind: at least those of one of them, at most those of all. */
function rowsOf(node, onViolation) {
  const its = node.rules.filter((rule) => rule[2] === onViolation && rule[6] !== 1 && rule[4] > 0);
  if (its.length === 0) return null;
  const sum = its.reduce((rows, rule) => rows + rule[4], 0);
  return [Math.max(...its.map((rule) => rule[4])), Math.min(sum, ...its.map((rule) => rule[3] + rule[4]))];
}

/** The violations of a node in a few words, or null: `2 dropped, 7 to 9 warned`. */
export function troubleOf(node) {
  const violations = violationsOf(node);
  if (violations.size === 0) return null;
  const status = ["failed", "skipped"].filter((word) => violations.has(word));
  return { isBad: violations.has("failed"), words: [...status, ...wordsOf(violations)].join(", ") };
}

/** The violations of all nodes by kind; rows of different tables are different rows. */
export function allViolations() {
  const sums = new Map();
  for (const node of nodes) {
    for (const [kind, [least, most]] of violationsOf(node)) {
      const [low, high] = sums.get(kind) ?? [0, 0];
      sums.set(kind, [low + least, high + most]);
    }
  }
  return sums;
}

/** Violations in words, without `failed` and `skipped`. */
export function wordsOf(violations) {
  return KINDS.filter(([kind]) => violations.has(kind)).map(([kind, words]) => {
    const [least, most] = violations.get(kind).map((rows) => rows.toLocaleString("en"));
    return words(least === most ? most : `${least} to ${most}`, most === "1");
  });
}
