// The list beside the map, which can be hidden; in narrow windows it covers the map and is hidden at first.

import { byId } from "./dom.js";

/** Whether the window is too narrow for the list beside the map. */
export const isNarrow = () => matchMedia("(max-width: 900px)").matches;

/** Whether the list is visible. */
export const isSideOpen = () =>
  isNarrow() ? document.body.classList.contains("has-side") : !document.body.classList.contains("no-side");

/** Show or hide the list. */
export function showSide(isOpen) {
  if (isNarrow()) document.body.classList.toggle("has-side", isOpen);
  else document.body.classList.toggle("no-side", !isOpen);
  byId("toggle-side").setAttribute("aria-expanded", String(isOpen));
}
