// The columns of a model. The lineage of the column under the pointer, or of the pinned column, is highlighted.

import { columnsOf, keysOf, nodes } from "./data.js";
import { el, icon } from "./dom.js";

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
    el(
      "p",
      { class: "hint" },
      "Hover a column to trace it; click to pin.",
    ),
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
      ),
      column.description ? el("p", { class: "column-words" }, column.description) : null,
      isLong(column.type) ? el("p", { class: "long-type" }, column.type) : null,
      originsOf(column, ways),
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

function originsOf(column, ways) {
  if (column.origins === null || column.origins.length === 0) return null;
  return el(
    "p",
    { class: "origins" },
    el("span", { class: "unseen" }, "from "),
    el("span", { "aria-hidden": "true" }, "← "),
    ...column.origins.flatMap(([index, name], place) => {
      const other = nodes[index];
      const link = other.isModel
        ? el("a", { href: ways.linkTo({ model: other.id, tab: "columns", column: name }) }, `${other.id}.${name}`)
        : el("span", {}, `${other.name}.${name}`);
      return place === 0 ? [link] : [", ", link];
    }),
  );
}
