// The graph in the page, with names for the fields of arrays.

import { byId } from "./dom.js";

const CHUNK = 100;
const raw = JSON.parse(byId("graph").textContent);
const [cardWidth, cardHeight, nameLines] = raw.card;
document.documentElement.style.setProperty("--name-lines", nameLines);

export const project = raw.project;
export const layers = raw.layers;
export const start = raw.start;
export const lastRun = raw.run === null ? null : { at: raw.run[0], state: raw.run[1], problem: raw.run[2] };
/** The last updates, oldest first: the time and state of each. */
export const updates = raw.updates;
export const size = { width: raw.size[0], height: raw.size[1] };

/** The prose pages of the project; an element is its tag and its children, a text is itself. */
export const prose = raw.prose.map(([name, title, elements]) => ({ name, title, elements }));

/** Models and sources, in the order of the layers. */
export const nodes = raw.nodes.map((node, index) => {
  const [x, y] = node.place;
  return Object.assign(node, { index, box: { x, y, width: cardWidth, height: cardHeight } });
});

/** What reads what. */
export const edges = raw.edges.map(([source, target, isStream, route]) => ({
  source,
  target,
  isStream: isStream === 1,
  route,
}));

/** What each node reads, and what reads it: edges by the node's index. */
export const reads = nodes.map(() => []);
export const readBy = nodes.map(() => []);
for (const edge of edges) {
  reads[edge.target].push(edge);
  readBy[edge.source].push(edge);
}

/** The diagram of relationships. */
export const diagram = {
  width: raw.diagram.size[0],
  height: raw.diagram.size[1],
  entities: raw.diagram.entities.map(([node, [x, y, width, height], rows]) => ({
    node,
    box: { x, y, width, height },
    rows,
  })),
  relations: raw.diagram.relations.map(([parent, child, on, cardinality, verdict, hasOne, hasMany, check, route]) => ({
    parent,
    child,
    on,
    isMany: cardinality === "one_to_many",
    isProven: verdict === "proven",
    hasOne: hasOne === 1,
    hasMany: hasMany === 1,
    check: checkOf(check),
    route,
  })),
};

const indices = new Map(nodes.map((node) => [node.id, node.index]));

/** The node with an id; undefined if there is none. */
export function nodeOf(id) {
  return nodes[indices.get(id)];
}

function checkOf(check) {
  return check === null ? null : { notebook: check[0], passed: check[1], failed: check[2], isUnchanged: check[3] === 1 };
}

/**
 * The columns of a node. An origin is a node's index and a column's name; null if the lineage is unknown. `homes`
 * are the tables in which the column is at home, if that is not this table; `homeKey` identifies a row there.
 */
export function columnsOf(node) {
  node.named ??= node.columns.map(([name, type, description, marks, origins, homes, homeKey, isRepeated, measure]) => ({
    name,
    type,
    description,
    isNotNull: (marks & 1) === 1,
    isComputed: (marks & 2) === 2,
    origins,
    homes: homes ?? [],
    homeKey: homeKey ?? [],
    isRepeated: isRepeated === 1,
    measure: measure ?? null,
  }));
  return node.named;
}

/** The expectations of a node; the counts are null if the last run has none. */
export function rulesOf(node) {
  return node.rules.map(([name, condition, onViolation, passed, failed, isUnchanged]) => ({
    name,
    condition,
    onViolation,
    passed,
    failed,
    isUnchanged: isUnchanged === 1,
  }));
}

/** The aggregates of a node; `column` holds one of them, null where it is a part of an expression. */
export function measuresOf(node) {
  return node.measures.map(([text, column, place, verdict, reason, measure, homes]) => ({
    text,
    column,
    place,
    verdict,
    reason,
    measure,
    homes,
  }));
}

/** The keys of a node, that of `key=` first; `check` is its check on the data, or null. */
export function keysOf(node) {
  return node.keys.map(([columns, verdict, check]) => ({ columns, verdict, check: checkOf(check) }));
}

/** The status of a node in the last run; null if it was not in the last run. */
export function runOf(node) {
  return node.run === null
    ? null
    : { status: node.run[0], written: node.run[1], dropped: node.run[2], problem: node.run[3], seconds: node.run[4] };
}

const chunks = new Map();

/** The source and the notebook of a node: a promise of `[source, notebook]`, or of undefined. */
export async function textsOf(node) {
  const number = Math.floor(node.index / CHUNK);
  if (!chunks.has(number)) chunks.set(number, openChunk(document.querySelectorAll("script.texts")[number]));
  return (await chunks.get(number))[node.id];
}

async function openChunk(element) {
  if (element.dataset.encoding === "json") return JSON.parse(element.textContent);
  const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}
