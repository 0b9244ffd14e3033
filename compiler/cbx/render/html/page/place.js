// The place in the page, kept in the URL's fragment: #/lineage/silver.orders/columns/order_id

import { start } from "./data.js";

const VIEWS = ["lineage", "focus", "relationships"];
const TABS = ["overview", "columns", "source", "notebook"];

/** The place that the URL names, else the one that the page was made for; what is named wrongly is left out. */
export function readPlace() {
  const [, view, model, tab, column] = (location.hash || start).slice(1).split("/").map(decoded);
  return {
    view: VIEWS.includes(view) && (view !== "focus" || model) ? view : "lineage",
    model: model || null,
    tab: TABS.includes(tab) ? tab : "overview",
    column: (tab === "columns" && column) || null,
  };
}

/** The fragment that leads to a place. */
export function linkTo({ view, model = null, tab = "overview", column = null }) {
  const parts = [view];
  if (model !== null) parts.push(model);
  if (model !== null && (tab !== "overview" || column !== null)) parts.push(tab);
  if (model !== null && column !== null) parts.push(column);
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** Go to a place, so that the browser's way back leads here; or in the stead of this one. */
export function goTo(place, isInstead = false) {
  const link = linkTo(place);
  if (link === location.hash) return;
  if (isInstead) location.replace(link);
  else location.hash = link;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
