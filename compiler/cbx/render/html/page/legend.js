// What the lines of a view mean.

import { byId, el, svg } from "./dom.js";
import { exactlyOne, many, oneOrNone } from "./relationship_scene.js";

const arrow = () => [svg("path", { class: "way", d: "M1 8h28" }), svg("path", { class: "head", d: "M34 8l-8 -4v8z" })];

const SIGNS = {
  batch: arrow,
  stream: arrow,
  passed: arrow,
  renamed: arrow,
  computed: arrow,
  one: () => [svg("path", { class: "way", d: "M1 8h33" }), ...exactlyOne(34, 8, 0)],
  "one-or-none": () => [svg("path", { class: "way", d: "M1 8h33" }), ...oneOrNone(34, 8, 0)],
  many: () => [svg("path", { class: "way", d: "M1 8h33" }), ...many(34, 8, 0)],
  proven: () => [svg("path", { class: "way", d: "M1 8h33" })],
  unproven: () => [svg("path", { class: "way", d: "M1 8h33" })],
};

/** Show the symbols of a scene and their meanings. */
export function showLegend(scene) {
  byId("legend").replaceChildren(...signsOf(scene.legend));
}

/** Symbols with their meanings. */
export function signsOf(legend) {
  return legend.map(([sign, words]) =>
    el(
      "span",
      { class: "sign" },
      svg(
        "svg",
        { viewBox: "0 0 36 16", "aria-hidden": "true" },
        svg("g", { class: `line ${sign}` }, ...SIGNS[sign]()),
      ),
      words,
    ),
  );
}
