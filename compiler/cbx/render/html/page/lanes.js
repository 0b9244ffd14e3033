// The lanes of the layers, behind the map, and their names above it.

import { byId, el } from "./dom.js";

/** Create the lanes of a scene. */
export function showLanes({ lanes }) {
  byId("lanes").replaceChildren(...lanes.map((lane) => el("div", { class: `lane layer-${lane.number}` })));
  byId("lane-names").replaceChildren(
    ...lanes.map((lane) =>
      el(
        "div",
        { class: `lane-name layer-${lane.number}` },
        el("span", {}, lane.name),
        el("span", { class: "count" }, lane.count.toLocaleString("en")),
      ),
    ),
  );
}

/** Keep the lanes as high as the map, and their names at its top, centred in the visible part of each lane. */
export function followLanes({ x, k }, { lanes }, width) {
  lanes.forEach((lane, place) => {
    const [left, right] = [lane.left * k + x, lane.right * k + x];
    const [start, end] = [Math.max(left, 0), Math.min(right, width)];
    stretch(byId("lanes").children[place], left, right);
    stretch(byId("lane-names").children[place], start, end);
    byId("lane-names").children[place].hidden = end - start < 12;
  });
}

function stretch(element, left, right) {
  Object.assign(element.style, { transform: `translateX(${left}px)`, width: `${right - left}px` });
}
