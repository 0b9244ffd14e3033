// A model's page.

import { columnsOf, layers } from "./data.js";
import { byId, el, icon } from "./dom.js";
import { codeTab } from "./code.js";
import { columnsTab } from "./columns.js";
import { overviewTab } from "./overview.js";

const NAMES = { overview: "Overview", columns: "Columns", source: "Source", notebook: "Notebook" };

let open = null;

/**
 * Show the page of a node, or hide the panel.
 * @param {object|null} node
 * @param {string} tab
 * @param {string|null} column the pinned column
 * @param {{goTo: function(object): void, linkTo: function(object): string, hover: function(string|null): void}} ways
 */
export function showPanel(node, tab, column, ways) {
  const panel = byId("panel");
  document.body.classList.toggle("has-panel", node !== null);
  panel.hidden = node === null;
  if (node === null) {
    open = null;
    panel.replaceChildren();
    return;
  }
  if (open?.node !== node) build(node, ways);
  choose(node.isModel ? tab : "overview", column);
}

function build(node, ways) {
  const tabs = tabsOf(node, ways);
  const list = el(
    "div",
    { class: "tabs", role: "tablist", "aria-label": "Sections" },
    ...Object.values(tabs).map(({ button }) => button),
  );
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const buttons = [...list.children];
    const next = buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length);
    next.focus();
    next.click();
    event.preventDefault();
  });
  open = { node, tabs };
  byId("panel").replaceChildren(head(node, ways), list, ...Object.values(tabs).map(({ body }) => body));
  byId("panel").className = `layer-${node.layer}`;
  list.hidden = Object.keys(tabs).length === 1;
}

function head(node, ways) {
  const wide = el(
    "button",
    {
      type: "button",
      class: "tool",
      id: "widen",
      title: "Widen the page",
      "aria-label": "Widen the page",
      "aria-pressed": String(document.body.classList.contains("wide-panel")),
      on: { click: widen },
    },
    icon("M6.5 6.5 3 10l3.5 3.5M13.5 6.5 17 10l-3.5 3.5M3 10h14"),
  );
  return el(
    "header",
    { class: "panel-head" },
    el(
      "div",
      {},
      el("p", { class: "kicker" }, el("span", { class: "chip" }, layers[node.layer].name), el("span", {}, node.kind)),
      el("h2", { id: "panel-title" }, node.name),
    ),
    el(
      "div",
      { class: "tools" },
      wide,
      el(
        "button",
        {
          type: "button",
          class: "tool",
          id: "close",
          title: "Close the page (Esc)",
          "aria-label": "Close",
          on: { click: () => ways.goTo({ model: null }) },
        },
        icon("M5 5l10 10M15 5 5 15"),
      ),
    ),
  );
}

function widen(event) {
  const isWide = document.body.classList.toggle("wide-panel");
  event.currentTarget.setAttribute("aria-pressed", String(isWide));
  dispatchEvent(new Event("resize"));
}

function tabsOf(node, ways) {
  const makers = { overview: overviewTab };
  if (node.isModel)
    Object.assign(makers, { columns: columnsTab, source: codeTab("source"), notebook: codeTab("notebook") });
  const tabs = {};
  for (const [name, make] of Object.entries(makers)) {
    const body = el("div", {
      role: "tabpanel",
      class: `tab ${name}`,
      id: `tab-${name}`,
      "aria-labelledby": `to-${name}`,
      tabindex: "0",
    });
    const count = name === "columns" ? el("span", { class: "count" }, columnsOf(node).length) : null;
    const button = el(
      "button",
      {
        type: "button",
        role: "tab",
        id: `to-${name}`,
        "aria-controls": `tab-${name}`,
        on: { click: () => ways.goTo({ tab: name, column: null }) },
      },
      NAMES[name],
      count,
    );
    tabs[name] = { body, button, show: make(node, body, ways) };
  }
  return tabs;
}

function choose(name, column) {
  for (const [tab, { body, button, show }] of Object.entries(open.tabs)) {
    const isOpen = tab === name;
    const wasOpen = !body.hidden && button.getAttribute("aria-selected") === "true";
    body.hidden = !isOpen;
    button.setAttribute("aria-selected", String(isOpen));
    button.tabIndex = isOpen ? 0 : -1;
    if (isOpen) show(column, wasOpen);
  }
}
