// The list beside the map, which can be put away; in narrow windows it lies over the map and is away at first.

import { byId } from "./dom.js";

/** Whether the window has no room for the list beside the map. */
export const isNarrow = () => matchMedia("(max-width: 900px)").matches;

/** Whether the list can be seen. */
export const isSideOpen = () =>
  isNarrow() ? document.body.classList.contains("has-side") : !document.body.classList.contains("no-side");

/** Show the list, or put it away. */
export function showSide(isOpen) {
  if (isNarrow()) document.body.classList.toggle("has-side", isOpen);
  else document.body.classList.toggle("no-side", !isOpen);
  byId("toggle-side").setAttribute("aria-expanded", String(isOpen));
}
