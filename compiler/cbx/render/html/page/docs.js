// The documentation of the project: a table of its models, and its prose pages.

import { columnsOf, keysOf, layers, nodeOf, nodes, project, prose, rulesOf } from "./data.js";
import { breakName, byId, countWords, el } from "./dom.js";

/** How many models of a layer are listed at first. */
const FIRST = 200;

let shown = null;

/**
 * Show a page of the documentation over the graph, or hide it.
 * @param {string|null} name the page; "" for the table of models, null to hide the documentation
 * @param {function(string): string} linkOf the fragment for a model
 */
export function showDocs(name, linkOf) {
  const body = byId("docs");
  body.hidden = name === null;
  for (const other of byId("stage").children) other.toggleAttribute("inert", name !== null && other !== body);
  if (name === null || name === shown) return;
  shown = name;
  const page = prose.find((page) => page.name === name);
  body.replaceChildren(
    el("nav", { "aria-label": "Documentation" }, ...menu(page)),
    el("article", {}, ...(page ? page.elements.map((element) => build(element, linkOf)) : models(linkOf))),
  );
  body.scrollTop = 0;
  body.focus({ preventScroll: true });
}

/** The title of a page. */
export function titleOf(name) {
  return prose.find((page) => page.name === name)?.title ?? "Models";
}

/** The fragment of a page. */
export const linkToPage = (name) => (name === "" ? "#/docs" : `#/docs/${encodeURIComponent(name)}`);

function menu(page) {
  const entry = (title, name) =>
    el("a", { href: linkToPage(name), "aria-current": name === (page?.name ?? "") ? "page" : null }, title);
  return [entry("Models", ""), ...prose.map(({ title, name }) => entry(title, name))];
}

/** An element of a prose page; code that is the id of a model leads to it. */
function build(element, linkOf) {
  if (typeof element === "string") return element;
  const [tag, ...rest] = element;
  if (tag === "a") {
    const [address, ...children] = rest;
    const isOutside = !address.startsWith("#");
    const attributes = { href: address, ...(isOutside ? { target: "_blank", rel: "noopener noreferrer" } : {}) };
    return el("a", attributes, ...children.map((child) => build(child, linkOf)));
  }
  if (tag === "pre") return el("pre", { tabindex: "0" }, el("code", {}, rest[0]));
  const made = el(tag, {}, ...rest.map((child) => build(child, linkOf)));
  if (tag === "code" && nodeOf(rest[0])) return el("a", { href: linkOf(rest[0]) }, made);
  return tag === "table" ? el("div", { class: "wide", tabindex: "0" }, made) : made;
}

const HEADS = ["Model", "Description", "Owner", "Tags", "Key", "Rules", "Columns"];

/** The table of all models, by layer. */
function models(linkOf) {
  const own = nodes.filter((node) => node.isModel);
  const described = own.filter((node) => node.description).length;
  const parts = layers.map((layer, number) => [layer.name, own.filter((node) => node.layer === number)]);
  const head = el("thead", {}, el("tr", {}, ...HEADS.map((head) => el("th", { scope: "col" }, head))));
  const bodies = parts
    .filter(([, its]) => its.length > 0)
    .map(([name, its]) => {
      const title = el("th", { class: "layer-name", colspan: HEADS.length, scope: "rowgroup" }, name);
      const body = el("tbody", {}, el("tr", {}, title));
      append(body, its, linkOf);
      return body;
    });
  return [
    el("h1", {}, project),
    el("p", { class: "none" }, `${countWords(own.length, "model")}, ${described} with a description.`),
    el("div", { class: "wide", tabindex: "0" }, el("table", {}, head, ...bodies)),
  ];
}

/** Append the first rows, and a button that appends as many more. */
function append(body, its, linkOf, start = 0) {
  body.append(...its.slice(start, start + FIRST).map((node) => row(node, linkOf)));
  const rest = its.length - start - FIRST;
  if (rest <= 0) return;
  const more = el("button", { type: "button", class: "more" }, `${rest.toLocaleString("en")} more`);
  const further = el("tr", {}, el("td", { colspan: HEADS.length }, more));
  more.addEventListener("click", () => {
    further.remove();
    append(body, its, linkOf, start + FIRST);
    body.children[start + FIRST + 1]?.querySelector("a")?.focus();
  });
  body.append(further);
}

function row(node, linkOf) {
  const columns = columnsOf(node);
  const described = columns.filter((column) => column.description).length;
  const key = keysOf(node)[0];
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, el("a", { href: linkOf(node.id) }, ...breakName(node.name)), el("small", {}, node.kind)),
    el("td", {}, node.description),
    el("td", {}, node.owner),
    el("td", {}, node.tags.join(", ")),
    el("td", {}, key ? key.columns.join(", ") : "", key ? el("small", {}, key.verdict ?? "unknown") : null),
    el("td", { class: "number" }, rulesOf(node).length || ""),
    el("td", {}, columns.length === 0 ? "" : `${columns.length}`, described ? el("small", {}, `${described} described`) : null),
  );
}
