// Rows use the height of the window: a low scene is stretched, without larger boxes.

import { boundsOf } from "./curve.js";

const MOST = 1.8;

/**
 * A scene whose rows are further apart, if there is room.
 * @param {object} scene boxes of one height
 * @param {{width: number, height: number}} room in pixels of the screen
 * @param {function(object): number} scaleOf the scale at which the scene is shown
 */
export function stretchRows(scene, room, scaleOf) {
  const high = scene.boxes[0]?.height ?? 0;
  const free = room.height / scaleOf(scene) - high;
  const factor = Math.min(free / Math.max(scene.height - high, 1), MOST);
  if (!(factor > 1.02)) return scene;
  const shift = (high / 2) * (factor - 1);
  const moved = (route) => route.map((number, at) => (at % 2 === 0 ? number : Math.round(number * factor - shift)));
  return {
    ...scene,
    height: (scene.height - high) * factor + high,
    boxes: scene.boxes.map((box) => ({ ...box, y: Math.round(box.y * factor) })),
    lines: scene.lines.map((line) => {
      const route = moved(line.route);
      return { ...line, route, bounds: boundsOf(route) };
    }),
  };
}
