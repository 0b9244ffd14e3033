// The columns of a model. The lineage of the column under the pointer, or of the pinned column, is highlighted.

import { columnsOf, keysOf, nodeOf, nodes } from "./data.js";
import { breakAfter, el, icon } from "./dom.js";
import { stepOf } from "./lineage.js";

/** From how many columns on there is a filter. */
const WIDE = 10;
const KEY = ["M7 13.2a3.2 3.2 0 1 1 2.6-5.1L17 8v3h-2v2h-3v-1.8H9.6A3.2 3.2 0 0 1 7 13.2z"];

/** Fill the tab; returns a function that is called whenever the tab is shown. */
export function columnsTab(node, body, ways) {
  const columns = columnsOf(node);
  if (columns.length === 0) {
    body.append(el("p", { class: "none" }, "No columns are declared, and none could be inferred."));
    return () => {};
  }
  const rows = new Map();
  const table = el(
    "table",
    { class: "columns" },
    el(
      "thead",
      { class: "unseen" },
      el("tr", {}, el("th", { scope: "col" }, "Column"), el("th", { scope: "col" }, "Type")),
    ),
    el("tbody", {}, ...columns.map((column) => rowOf(node, column, rows, ways))),
  );
  table.addEventListener("pointerleave", () => ways.hover(null));
  body.append(
    columns.length > WIDE ? filterOf(rows) : "",
    el("p", { class: "hint" }, "Hover a column to trace it; click to pin."),
    table,
  );
  return (pinned, wasOpen) => {
    for (const [name, { row, button }] of rows) {
      row.classList.toggle("pinned", name === pinned);
      button.setAttribute("aria-pressed", String(name === pinned));
    }
    if (pinned !== null && !wasOpen) rows.get(pinned)?.row.scrollIntoView({ block: "nearest" });
  };
}

/** A field that shows only the columns of a wide table whose name, type or description has a text. */
function filterOf(rows) {
  const count = el("span", { class: "count", role: "status" });
  const refresh = (event) => {
    const words = event.target.value.trim().toLowerCase();
    let shown = 0;
    for (const { row } of rows.values()) {
      row.hidden = !row.textContent.toLowerCase().includes(words);
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = words === "" ? "" : `${shown} of ${rows.size}`;
  };
  const field = el("input", {
    type: "search",
    class: "column-filter",
    placeholder: "Filter columns",
    "aria-label": "Filter columns",
    on: { input: refresh },
  });
  return el("p", { class: "filter-line" }, field, count);
}

function rowOf(node, column, rows, ways) {
  const keys = keysOf(node).filter((key) => key.columns.includes(column.name));
  const isProven = keys.every((key) => key.verdict === "proven");
  const togglePin = () =>
    ways.goTo({ tab: "columns", column: button.getAttribute("aria-pressed") === "true" ? null : column.name });
  const button = el(
    "button",
    {
      type: "button",
      class: "column-name",
      "aria-pressed": "false",
      on: { click: togglePin, focus: () => ways.hover(column.name), blur: () => ways.hover(null) },
    },
    column.name,
  );
  const row = el(
    "tr",
    { on: { pointerenter: () => ways.hover(column.name) }, class: keys.length > 0 ? "of-key" : null },
    el(
      "td",
      {},
      el(
        "div",
        { class: "column-head" },
        button,
        keys.length > 0
          ? el(
              "span",
              {
                class: isProven ? "key-mark proven" : "key-mark",
                title: keys.map((key) => `key ${key.columns.join(", ")}, ${key.verdict}`).join("; "),
              },
              icon(...KEY),
              "key",
            )
          : null,
        column.isRepeated ? el("span", { class: "repeated-mark", title: repeatedWords(column) }, "repeated") : null,
        column.measure ? el("span", { class: "measure-mark", title: MEASURES[column.measure] }, column.measure) : null,
      ),
      column.description ? el("p", { class: "column-words" }, column.description) : null,
      isLong(column.type) ? el("p", { class: "long-type" }, column.type) : null,
      originsOf(node, column, ways),
      homeOf(column, ways),
    ),
    el(
      "td",
      { class: "column-type" },
      el("span", { class: column.type ? null : "none" }, shortType(column.type)),
      column.isNotNull ? el("span", { class: "not-null" }, "not null") : null,
    ),
  );
  rows.set(column.name, { row, button });
  return row;
}

const isLong = (type) => type !== null && type.length > 20;

/** A type that fits beside a name; a long type is shown in full below the name. */
function shortType(type) {
  return isLong(type) ? type.split(/[<(:]/, 1)[0].slice(0, 20) : (type ?? "unknown");
}

const MEASURES = {
  total: "belongs to a row as a whole: it is counted once for each row",
  rate: "a number per unit: it may be added up over repeated rows",
};

function repeatedWords(column) {
  const row = column.homes.length > 0 ? `A row of ${column.homes.join(" and ")}` : "A value";
  return `${row} is in several rows here: a sum over ${column.name} counts it several times.`;
}

/** Where a column is at home, if that is not this table; for a repeated column also how often it is counted. */
function homeOf(column, ways) {
  const isTold = column.isRepeated || column.homes.length === 0;
  const words = [
    isTold && column.homeKey.length > 0 ? `one value per ${column.homeKey.join(", ")}` : null,
    column.isRepeated ? "counted several times here" : null,
  ]
    .filter(Boolean)
    .join(", ");
  const homes = column.homes.flatMap((table, place) => [place === 0 ? "at home in " : " and ", homeLink(table, ways)]);
  if (homes.length === 0 && words === "") return null;
  return el("p", { class: "home" }, ...homes, homes.length > 0 && words !== "" ? `: ${words}` : words);
}

function homeLink(table, ways) {
  const node = nodeOf(table);
  return node ? el("a", { href: ways.linkTo({ model: node.id, tab: "columns" }) }, table) : el("code", {}, table);
}

function originsOf(node, column, ways) {
  if (column.origins === null || column.origins.length === 0) return null;
  return el(
    "p",
    { class: "origins" },
    el("span", { class: "unseen" }, "from "),
    el("span", { "aria-hidden": "true" }, "←\u00a0"),
    ...column.origins.flatMap(([index, name], place) => {
      const other = nodes[index];
      const full = breakAfter(".", `${other.isModel ? other.id : other.name}.${name}`);
      const link = other.isModel
        ? el("a", { href: ways.linkTo({ model: other.id, tab: "columns", column: name }) }, ...full)
        : el("span", {}, ...full);
      return place === 0 ? [link] : [", ", link];
    }),
    stepWords(node, column),
  );
}

/** Whether a column is renamed or computed; null if it is passed on as it is. */
function stepWords(node, column) {
  const step = stepOf(node.index, column.name, column.origins[0][1]);
  return step === "passed" ? null : el("span", { class: `step ${step}` }, step);
}
