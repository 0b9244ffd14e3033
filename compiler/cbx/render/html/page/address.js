// The address within the page, in the URL's fragment: #/lineage/silver.orders/columns/order_id

import { start } from "./data.js";

const VIEWS = ["lineage", "focus", "columns", "relationships"];
const OF_A_MODEL = ["focus", "columns"];
const TABS = ["overview", "columns", "source", "notebook"];

/**
 * Read the address from the URL, or else the start address of the page; unknown parts are ignored. `docs` is the page of
 * the documentation that lies over the lineage: "" for the table of models, null for none.
 */
export function readAddress() {
  const [, view, model, tab, column] = (location.hash || start).slice(1).split("/").map(decodePart);
  if (view === "docs") return { view: "lineage", docs: model ?? "", model: null, tab: "overview", column: null };
  return {
    docs: null,
    view: VIEWS.includes(view) && (!OF_A_MODEL.includes(view) || model) ? view : "lineage",
    model: model || null,
    tab: TABS.includes(tab) ? tab : "overview",
    column: (tab === "columns" && column) || null,
  };
}

/** The fragment of an address. */
export function linkTo({ view, model = null, tab = "overview", column = null }) {
  const parts = [view];
  if (model !== null) parts.push(model);
  if (model !== null && (tab !== "overview" || column !== null)) parts.push(tab);
  if (model !== null && column !== null) parts.push(column);
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** Go to an address, with a new entry in the browser's history or instead of the current one. */
export function goTo(address, isInstead = false) {
  const link = linkTo(address);
  if (link === location.hash) return;
  if (isInstead) location.replace(link);
  else location.hash = link;
}

function decodePart(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
