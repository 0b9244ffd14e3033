// The overview of a model: its facts, inputs, keys, expectations and relationships.

import { columnsOf, diagram, keysOf, lastRun, measuresOf, nodes, readBy, reads, rulesOf, runOf } from "./data.js";
import { breakAfter, countWords, el, secondsWords } from "./dom.js";
import { historyPart } from "./history.js";

/** Fill the tab; returns a function that is called whenever the tab is shown. */
export function overviewTab(node, body, ways) {
  const isParent = node.isModel || keysOf(node).length > 0;
  body.append(
    ...[
      node.description ? el("p", { class: "description" }, node.description) : null,
      facts(node),
      historyPart(node),
      neighbours(node, ways),
      isParent ? keyPart(node, ways) : null,
      node.isModel && node.measures.length > 0 ? measuresPart(node) : null,
      node.isModel ? rulesPart(node) : null,
      isParent ? relationsPart(node, ways) : null,
    ].filter(Boolean),
  );
  return () => {};
}

function part(title, ...children) {
  return el("section", { class: "part" }, el("h3", {}, title), ...children);
}

function facts(node) {
  const rows = [
    [node.isModel ? "File" : "Location", pathCode(node.path)],
    node.notebook ? ["Notebook", pathCode(node.notebook)] : null,
    node.owner ? ["Owner", node.owner] : null,
    node.tags.length > 0
      ? ["Tags", el("span", { class: "chips" }, ...node.tags.map((tag) => el("span", { class: "tag" }, tag)))]
      : null,
    ...(node.options ?? []),
    node.isModel && lastRun !== null ? ["Last run", runWords(node)] : null,
  ].filter(Boolean);
  return el("dl", { class: "facts" }, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

/** A path, with possible line breaks after each folder. */
function pathCode(path) {
  return el("code", {}, ...breakAfter("/", path));
}

/** What to say of kinds that have no rows of their own. */
const WITHOUT_ROWS = { view: "view (computed on read)", flow: "flow (counted in its target)" };

function runWords(node) {
  const run = runOf(node);
  if (run === null) return WITHOUT_ROWS[node.kind] ?? "not in the last run";
  const rows = [
    run.written === null ? null : `${countWords(run.written, "row")} written`,
    run.dropped ? `${run.dropped.toLocaleString("en")} dropped` : null,
    run.seconds === null ? null : secondsWords(run.seconds),
  ].filter(Boolean);
  const isGood = run.status === "completed" || run.status === "unchanged";
  return el(
    "span",
    {},
    el("span", { class: isGood ? "status good" : run.status === "failed" ? "status bad" : "status" }, run.status),
    rows.length > 0 ? ` · ${rows.join(", ")}` : null,
    run.problem ? el("span", { class: "problem" }, run.problem) : null,
  );
}

function neighbours(node, ways) {
  const list = (title, edges, end, none) =>
    el(
      "section",
      { class: "part" },
      el("h3", {}, title, edges.length > 0 ? el("span", { class: "count" }, edges.length) : null),
      edges.length === 0
        ? el("p", { class: "none" }, none)
        : el("ul", { class: "neighbours" }, ...edges.map((edge) => neighbour(nodes[edge[end]], edge.isStream, ways))),
    );
  return el(
    "div",
    { class: "beside" },
    node.isModel ? list("Reads", reads[node.index], "source", "Nothing.") : null,
    list(node.kind === "flow" ? "Writes into" : "Read by", readBy[node.index], "target", "Nothing."),
  );
}

function neighbour(other, isStream, ways) {
  return el(
    "li",
    {},
    modelLink(other, ways),
    el("span", { class: isStream ? "mode stream" : "mode" }, isStream ? "stream" : "batch"),
  );
}

function modelLink(other, ways) {
  return el(
    "a",
    { class: `model layer-${other.layer}`, href: ways.linkTo({ model: other.id }) },
    el("span", { class: "dot", "aria-hidden": "true" }),
    el("span", {}, other.isModel ? other.id : other.name),
  );
}

function keyPart(node, ways) {
  const keys = keysOf(node);
  if (keys.length === 0) return part("Key", el("p", { class: "none" }, "None declared."));
  const known = new Set(node.isModel ? columnsOf(node).map((column) => column.name) : []);
  const nameOf = (name) =>
    known.has(name)
      ? el("a", { class: "column-name", href: ways.linkTo({ model: node.id, tab: "columns", column: name }) }, name)
      : el("span", { class: "column-name" }, name);
  return part(
    keys.length > 1 ? "Keys" : "Key",
    ...keys.flatMap((key) => [
      el("p", { class: "key-line" }, ...key.columns.map(nameOf), verdict(key.verdict)),
      checkWords(key.check),
    ]),
  );
}

function verdict(word) {
  const isProven = word === "proven";
  const otherwise = word === "declared" ? "proven or checked by its own project" : "checked on the data";
  return el(
    "span",
    {
      class: isProven ? "verdict proven" : "verdict",
      title: isProven ? "proven at compile time" : otherwise,
    },
    word ?? "unknown",
  );
}

/** The aggregates, each with the column that holds it and its verdict. */
function measuresPart(node) {
  const measures = measuresOf(node);
  return part("Measures", el("ul", { class: "measures" }, ...measures.map(measureItem)));
}

/** What a verdict means, in words. */
function verdictWords({ verdict, reason, homes }) {
  const rows = homes.length > 0 ? `row of ${homes.join(" and ")}` : "row";
  if (verdict === "exact") return `each ${rows} counts once`;
  return verdict === "repeated" ? reason.replaceAll("`", "") : `a ${rows} may count several times`;
}

function measureItem(measure) {
  const isMeant = measure.verdict === "repeated" && measure.measure === "rate";
  return el(
    "li",
    {},
    el(
      "div",
      { class: "rule-head" },
      el("code", { class: "measure-text" }, measure.text),
      el(
        "span",
        {
          class: `verdict ${isMeant ? "meant" : measure.verdict}`,
          title: measure.place || null,
        },
        isMeant ? "repeated, a rate" : measure.verdict,
      ),
    ),
    el("p", { class: "on" }, measure.column ? `${measure.column} · ` : null, verdictWords(measure)),
  );
}

/** The check of a key on the data, with its counts in the last run. */
function checkWords(check) {
  if (check === null) return null;
  return el(
    "p",
    { class: "checked" },
    "Checked on the data by ",
    pathCode(check.notebook),
    check.failed === null ? null : counts(check),
  );
}

function rulesPart(node) {
  const rules = rulesOf(node);
  const title = "Expectations";
  if (rules.length === 0) return part(title, el("p", { class: "none" }, "None declared."));
  return part(
    title,
    el(
      "ul",
      { class: "rules" },
      ...rules.map((rule) =>
        el(
          "li",
          {},
          el(
            "div",
            { class: "rule-head" },
            el("span", { class: "rule-name" }, rule.name),
            el("span", { class: `violation ${rule.onViolation}` }, rule.onViolation),
          ),
          el("code", { class: "condition" }, rule.condition),
          rule.passed === null
            ? lastRun === null || rule.onViolation === "proven"
              ? null
              : el("p", { class: "counts" }, "not counted in the last run")
            : counts(rule),
        ),
      ),
    ),
    lastRun === null
      ? el("p", { class: "none" }, "No run yet. Run ", el("code", {}, "cbx run"), " to see counts here.")
      : null,
  );
}

/** The counts of an expectation; unchanged if the last run had no new rows. */
function counts({ passed, failed, isUnchanged }) {
  const total = passed + failed;
  const bar = el("span", { class: "bar-of-counts", "aria-hidden": "true" }, el("span", {}));
  bar.firstChild.style.width = `${total === 0 ? 0 : Math.max((100 * failed) / total, failed > 0 ? 1.5 : 0)}%`;
  return el(
    "span",
    { class: failed > 0 ? "counts broken" : "counts" },
    bar,
    el("span", {}, `${passed.toLocaleString("en")} passed, `),
    el("span", { class: "failed" }, `${failed.toLocaleString("en")} failed`),
    isUnchanged ? " (unchanged)" : null,
  );
}

function relationsPart(node, ways) {
  const its = diagram.relations.filter((relation) => relation.parent === node.index || relation.child === node.index);
  if (its.length === 0) return part("Relationships", el("p", { class: "none" }, "None declared."));
  return part(
    "Relationships",
    el("ul", { class: "relations" }, ...its.map((relation) => relationItem(relation, node, ways))),
  );
}

function relationItem(relation, node, ways) {
  const isParent = relation.parent === node.index;
  const other = nodes[isParent ? relation.child : relation.parent];
  const atParent = relation.isMany ? "has many" : "has at most one";
  const atChild = relation.hasOne ? "belongs to one" : "belongs to at most one";
  const cardinality = relation.isMany ? (isParent ? "one to many" : "many to one") : "one to one";
  const on = relation.on.map(([child, parent]) => (child === parent ? child : `${child} = ${parent}`)).join(", ");
  return el(
    "li",
    {},
    el(
      "div",
      { class: "rule-head" },
      el("span", {}, `${isParent ? atParent : atChild} `, modelLink(other, ways)),
      verdict(relation.isProven ? "proven" : "unproven"),
    ),
    el("p", { class: "on" }, cardinality, " on ", el("code", {}, on)),
    relation.check === null || relation.check.failed === null ? null : counts(relation.check),
  );
}
