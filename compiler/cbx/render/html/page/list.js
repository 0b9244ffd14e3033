// The list of models, by layer or as search results: what the map shows, as text.

import { layers, nodes, prose } from "./data.js";
import { linkToPage } from "./docs.js";
import { byId, el, icon } from "./dom.js";
import { search } from "./search.js";
import { isSelector, select } from "./selectors.js";
import { troubleOf } from "./violations.js";

const FIRST = 300;
const TROUBLE = ["M10 3.5 17.5 16.5h-15z", "M10 8.5v3.6M10 14.2v.2"];

/**
 * Set the list up.
 * @param {function(object, string|null): string} linkOf the fragment for a node and a column of it
 * @param {function(Set<number>|null): void} found called with the search results; null without a search
 */
export function startList(linkOf, found) {
  const query = byId("query");
  if (prose.length > 0) {
    query.placeholder = "Model or page";
    query.setAttribute("aria-label", "Find a model, column or page");
  }
  const refresh = () => {
    const words = query.value.trim();
    if (words === "") {
      showLayers(linkOf);
      byId("found").textContent = "";
      found(null);
      return;
    }
    const { matches, problem } = matchesOf(words);
    showMatches(
      matches.map((match) => ({ ...match, isMatch: true })),
      linkOf,
    );
    byId("found").textContent =
      problem ?? (matches.length === 0 ? "No matches." : `${matches.length.toLocaleString("en")} found`);
    found(new Set(matches.filter(({ node }) => node !== null).map(({ node }) => node.index)));
  };
  query.addEventListener("input", refresh);
  query.addEventListener("keydown", (event) => {
    const first = byId("list").querySelector("a");
    if (event.key === "Enter" && query.value.trim() !== "" && first) first.click();
    else if (event.key === "ArrowDown" && first) first.focus();
    else if (event.key === "Escape" && query.value !== "") clearQuery();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  byId("list").addEventListener("keydown", walk);
  showLayers(linkOf);
}

/** What a text finds: a selector, or parts of names. */
function matchesOf(words) {
  if (!isSelector(words)) return { matches: search(words), problem: null };
  const { found, problem } = select(words);
  return { matches: found.map((node) => ({ node, column: null })), problem };
}

/** Clear the search. */
export function clearQuery() {
  find("");
}

/** Search for a text. */
export function find(words) {
  byId("query").value = words;
  byId("query").dispatchEvent(new Event("input"));
}

function walk(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const stops = [...byId("list").querySelectorAll("summary, a, button")].filter(
    (element) => element.offsetParent !== null,
  );
  const at = stops.indexOf(document.activeElement) + step;
  if (at < 0) byId("query").focus();
  else stops[at]?.focus();
  event.preventDefault();
}

function showLayers(linkOf) {
  const isLarge = nodes.length > 2 * FIRST;
  byId("list").replaceChildren(
    ...layers.map((layer, number) => {
      const its = nodes.filter((node) => node.layer === number);
      const items = el("ul", {});
      const group = el(
        "details",
        { class: `group layer-${number}`, open: !isLarge },
        el(
          "summary",
          {},
          el("span", { class: "group-name" }, layer.name),
          el("span", { class: "count" }, its.length.toLocaleString("en")),
        ),
        items,
      );
      const fill = () =>
        items.childElementCount === 0 &&
        append(
          items,
          its.map((node) => ({ node, column: null, isMatch: false })),
          linkOf,
        );
      if (isLarge) group.addEventListener("toggle", fill);
      else fill();
      return group;
    }),
  );
  markCurrent();
}

function showMatches(matches, linkOf) {
  const items = el("ul", { class: "matches" });
  append(items, matches, linkOf);
  byId("list").replaceChildren(items);
  byId("list").scrollTop = 0;
  markCurrent();
}

/** Append the first items, and a button that appends as many more. */
function append(items, matches, linkOf, start = 0) {
  items.append(...matches.slice(start, start + FIRST).map((match) => item(match, linkOf)));
  const rest = matches.length - start - FIRST;
  if (rest <= 0) return;
  const more = el("button", { type: "button", class: "more" }, `${rest.toLocaleString("en")} more`);
  const further = el("li", {}, more);
  more.addEventListener("click", () => {
    further.remove();
    append(items, matches, linkOf, start + FIRST);
    items.children[start + FIRST]?.querySelector("a")?.focus();
    markCurrent();
  });
  items.append(further);
}

function item(match, linkOf) {
  return el("li", {}, match.node === null ? pageItem(match) : nodeItem(match, linkOf));
}

function pageItem({ page, excerpt }) {
  return el(
    "a",
    { href: linkToPage(page.name), class: "item page" },
    icon("M5 3h7l3 3v11H5z", "M8 9h4M8 12h4"),
    el("span", { class: "item-name" }, page.title, el("span", { class: "item-excerpt" }, excerpt)),
  );
}

function nodeItem({ node, column, isMatch }, linkOf) {
  const trouble = troubleOf(node);
  return el(
    "a",
    { href: linkOf(node, column), class: `item layer-${node.layer}`, "data-id": node.id, title: node.id },
    el("span", { class: "dot", "aria-hidden": "true" }),
    el(
      "span",
      { class: "item-name" },
      isMatch ? node.id : node.name,
      column === null ? null : el("span", { class: "item-column" }, column),
    ),
    trouble
      ? el(
          "span",
          { class: trouble.isBad ? "trouble bad" : "trouble", title: `last run: ${trouble.words}` },
          icon(...TROUBLE),
          el("span", { class: "unseen" }, `last run: ${trouble.words}`),
        )
      : null,
  );
}

let current = null;

/** Mark the node whose page is open. */
export function markCurrent(id = current) {
  current = id;
  for (const link of byId("list").querySelectorAll("a[aria-current]")) link.removeAttribute("aria-current");
  if (id === null) return;
  const link = byId("list").querySelector(`a[data-id="${CSS.escape(id)}"]`);
  link?.setAttribute("aria-current", "true");
  link?.scrollIntoView({ block: "nearest" });
}
