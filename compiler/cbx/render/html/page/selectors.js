// Selectors in the search box, with the syntax of `cbx list --select`; `result:` selects by the last run, as in dbt.

import { layers, nodes, project, readBy, reads } from "./data.js";
import { RESULTS, violationsOf } from "./violations.js";

const CRITERION = /^(@)?(?:(\d*)(\+))?(?:([\w.]+):)?([^+].*?)(?:(\+)(\d*))?$/s;
const WILDCARDS = /[*?[]/;

const models = () => nodes.filter((node) => node.isModel);
const byValues = (valuesOf) => (value) => {
  const pattern = patternOf(value);
  return nodes.filter((node) => valuesOf(node).some((candidate) => pattern.test(candidate)));
};

const METHODS = {
  fqn: (value) => models().filter((node) => isNamed(node, value)),
  path: (value) => models().filter((node) => isBelow(node.path.split("/"), value.replace(/\/$|^\.\//g, "").split("/"))),
  file: byValues((node) => (node.isModel ? fileNames(node) : [])),
  layer: byValues((node) => (node.isModel ? [layers[node.layer].name] : [])),
  tag: byValues((node) => node.tags),
  kind: byValues((node) => (node.isModel ? [node.kindName] : [])),
  owner: byValues((node) => (node.owner ? [node.owner] : [])),
  pipeline: byValues((node) => (node.pipeline ? [node.pipeline] : [])),
  source: (value) => nodes.filter((node) => !node.isModel && isSource(node, value)),
  resource_type: byValues((node) => [node.isModel ? "model" : "source"]),
  result: (value) => nodes.filter((node) => violationsOf(node).has(RESULTS[value])),
};

/** Whether a query is a selector, not words to search for. */
export function isSelector(query) {
  return query.split(/\s+/).some((word) => {
    if (/^@|^\d*\+.|.\+\d*$|[*,]/.test(word)) return true;
    const method = word.slice(0, Math.max(word.indexOf(":"), 0));
    return Object.hasOwn(METHODS, method) || /^(state|config\.[\w.]+)$/.test(method);
  });
}

/**
 * The nodes that a selector selects, in the order of the graph.
 * @returns {{found: object[], problem: string|null}} `problem` names what selects nothing
 */
export function select(query) {
  let problem = null;
  const union = new Set();
  for (const part of query.split(/\s+/).filter(Boolean)) {
    const sets = part.split(",").map((text) => {
      const { selected, reason } = selectOne(text);
      problem ??= reason;
      return selected;
    });
    for (const index of sets[0]) if (sets.every((its) => its.has(index))) union.add(index);
  }
  return { found: [...union].sort((left, right) => left - right).map((index) => nodes[index]), problem };
}

function selectOne(text) {
  const match = CRITERION.exec(text);
  if (match === null) return { selected: new Set(), reason: `${text} is not a selector` };
  const [, at, up, above, method, value, below, down] = match;
  const name = method ?? (value.includes("/") ? "path" : /\.(py|sql)$/.test(value) ? "file" : "fqn");
  if (!Object.hasOwn(METHODS, name)) return { selected: new Set(), reason: `${name}: works only in cbx list --select` };
  const starts = new Set(METHODS[name](value).map((node) => node.index));
  const selected = new Set(starts);
  if (above) addReachable(selected, starts, parentsOf, up);
  if (below) addReachable(selected, starts, childrenOf, down);
  if (at) {
    const readers = new Set(starts);
    addReachable(readers, starts, childrenOf, "");
    addReachable(selected, readers, parentsOf, "");
    for (const index of readers) selected.add(index);
  }
  return { selected, reason: starts.size === 0 && !WILDCARDS.test(value) ? `${text} selects nothing` : null };
}

const parentsOf = (index) => reads[index].map((edge) => edge.source);
const childrenOf = (index) => readBy[index].map((edge) => edge.target);

function addReachable(selected, starts, stepsFrom, digits) {
  const most = digits === "" || digits === undefined ? Infinity : Number(digits);
  const seen = new Set(starts);
  let frontier = [...starts];
  for (let depth = 0; depth < most && frontier.length > 0; depth += 1) {
    const next = [...new Set(frontier.flatMap(stepsFrom))].filter((index) => !seen.has(index));
    for (const index of next) seen.add(index);
    frontier = next;
  }
  for (const index of seen) selected.add(index);
}

/** By a name, an id, or the first folders of a model, with or without the project's name in front. */
function isNamed(node, value) {
  const pattern = patternOf(value);
  if ([node.name, node.id].some((name) => pattern.test(name))) return true;
  const within = [...node.path.split("/").slice(1, -1), node.name];
  return [[project, ...within], within].some((names) => startsWith(names, value.split(".")));
}

function startsWith(names, patterns) {
  if (names.length < patterns.length) return false;
  for (const [at, pattern] of patterns.entries()) {
    if (WILDCARDS.test(pattern)) return patternOf(patterns.slice(at).join(".")).test(names.slice(at).join("."));
    if (names[at].toLowerCase() !== pattern.toLowerCase()) return false;
  }
  return true;
}

/** Whether patterns of folders match a file or a folder above it; `**` is any number of folders. */
function isBelow(path, patterns) {
  let depths = new Set([0]);
  for (const pattern of patterns) {
    const first = Math.min(...depths);
    depths =
      pattern === "**"
        ? new Set(path.map((_, at) => at).filter((at) => at >= first))
        : new Set(
            [...depths].filter((at) => at < path.length && patternOf(pattern, "s").test(path[at])).map((at) => at + 1),
          );
  }
  return depths.size > 0;
}

function fileNames(node) {
  const name = node.path.slice(node.path.lastIndexOf("/") + 1);
  return [name, name.replace(/\.[^.]*$/, "")];
}

/** By a table, a path or a topic, or its beginning up to a dot, a slash or a colon. */
function isSource(node, value) {
  const names = [node.name, ...node.name.slice(node.name.indexOf(":") + 1).split(",")];
  const pattern = patternOf(value);
  return names.some(
    (name) =>
      pattern.test(name) || [".", "/", ":"].some((sign) => name.toLowerCase().startsWith(value.toLowerCase() + sign)),
  );
}

/** A pattern with `*`, `?` and `[abc]` as a regular expression for the whole of a text. */
function patternOf(glob, flags = "is") {
  const source = glob.replace(/\[!?\]?[^\]]*\]|[\s\S]/g, (part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (part.length > 1)
      return `[${part
        .slice(1, -1)
        .replace(/^!/, "^")
        .replace(/[\\[\]]/g, "\\$&")}]`;
    return part.replace(/[.+^${}()|[\]\\/-]/, "\\$&");
  });
  try {
    return new RegExp(`^(?:${source})$`, flags);
  } catch {
    return /^(?!)/;
  }
}
