// The second view: the relationships between models, with crow's feet.

import { boundsOf, pathOf } from "./curve.js";
import { diagram, keysOf, nodes } from "./data.js";
import { el, svg } from "./dom.js";

export const RELATIONSHIP_LEGEND = [
  ["one", "exactly one"],
  ["one-or-none", "zero or one"],
  ["many", "zero or more"],
  ["proven", "proven"],
  ["unproven", "checked on the data"],
];

/** What the map shows; `linkOf` gives the fragment for a node's index. */
export function relationshipScene(linkOf) {
  return {
    label: "Relationships",
    isLineage: false,
    width: diagram.width,
    height: diagram.height,
    lanes: [],
    boxes: diagram.entities.map(({ node, box, rows }) => ({ node, rows, ...box })),
    lines: diagram.relations.map((relation) => ({
      source: relation.parent,
      target: relation.child,
      relation,
      route: relation.route,
      bounds: boundsOf(relation.route),
    })),
    drawBox: (box) => entity(nodes[box.node], box.rows, linkOf),
    drawLine: ({ relation }) => line(relation),
    legend: RELATIONSHIP_LEGEND,
  };
}

function entity(node, rows, linkOf) {
  const keys = keysOf(node).map((key) => `key ${key.columns.join(", ")}, ${key.verdict}`);
  return el(
    "a",
    {
      class: `entity layer-${node.layer}`,
      href: linkOf(node.index),
      draggable: "false",
      "data-id": node.id,
    },
    el("span", { class: "entity-name", title: node.id }, node.id),
    el("span", { class: "unseen" }, keys.join("; ") || "no key"),
    ...rows.map(entityRow),
  );
}

function entityRow([name, type, key, isProven, refers, isMore]) {
  if (isMore)
    return el("span", { class: "entity-row more", "aria-hidden": "true" }, el("span", { class: "mark" }), name);
  const marks = [key, refers ? "FK" : null].filter(Boolean).join("·");
  const style = key ? (isProven ? "mark key proven" : "mark key") : refers ? "mark refers" : "mark";
  return el(
    "span",
    { class: key ? "entity-row of-key" : "entity-row", "aria-hidden": "true" },
    el("span", { class: style }, marks),
    el("span", { class: "row-name", title: name }, name),
    el("span", { class: "row-type", title: type }, type),
  );
}

function line(relation) {
  const { route } = relation;
  const start = [route[0], route[1], route[2]];
  const end = [route.at(-2), route.at(-1), route.at(-4)];
  return svg(
    "g",
    { class: relation.isProven ? "line proven" : "line unproven" },
    svg("path", { class: "way", d: pathOf(route) }),
    ...(relation.hasOne ? exactlyOne(...start) : oneOrNone(...start)),
    ...(relation.hasMany ? many(...end) : oneOrNone(...end)),
  );
}

/** The direction in which a line leaves its end: 1 to the right, -1 to the left. */
const away = (x, before) => (before >= x ? 1 : -1);

export function exactlyOne(x, y, before) {
  const to = away(x, before);
  return [svg("path", { class: "foot", d: `M${x + 8 * to} ${y - 6}v12M${x + 13 * to} ${y - 6}v12` })];
}

export function oneOrNone(x, y, before) {
  const to = away(x, before);
  return [
    svg("path", { class: "foot", d: `M${x + 8 * to} ${y - 6}v12` }),
    svg("circle", { class: "foot none", cx: x + 17 * to, cy: y, r: 4.5 }),
  ];
}

export function many(x, y, before) {
  const to = away(x, before);
  const tip = x + 12 * to;
  return [
    svg("path", { class: "foot", d: `M${tip} ${y}L${x} ${y - 7}M${tip} ${y}L${x} ${y + 7}` }),
    svg("circle", { class: "foot none", cx: x + 17 * to, cy: y, r: 4.5 }),
  ];
}
