// The map when zoomed far out: thousands of boxes and lines as one picture. It moves with the map and is painted again
// when the map stops.

import { layers, nodes } from "./data.js";
import { byId } from "./dom.js";
import { trace, traceStraight } from "./curve.js";
import { paintedColour } from "./theme.js";

const REST = 120;
const REACH = 0.5;
const MOST_LINES = 3000;

let taken = null;
let timer = 0;
let last = null;

/** Paint the view, and half of its size on every side. */
export function drawFar(shown, camera) {
  last = [shown, camera];
  clearTimeout(timer);
  const canvas = byId("far");
  if (!shown.isFar) {
    taken = null;
    return;
  }
  const { x, y, k } = camera.transform();
  const sharpness = Math.min(devicePixelRatio, 2);
  const [left, top] = [camera.width * REACH, camera.height * REACH];
  canvas.width = Math.round((camera.width + 2 * left) * sharpness);
  canvas.height = Math.round((camera.height + 2 * top) * sharpness);
  Object.assign(canvas.style, {
    left: `${-left}px`,
    top: `${-top}px`,
    width: `${camera.width + 2 * left}px`,
    height: `${camera.height + 2 * top}px`,
    transform: "none",
  });
  taken = { x, y, k, left, top };
  const pen = canvas.getContext("2d");
  pen.setTransform(k * sharpness, 0, 0, k * sharpness, (x + left) * sharpness, (y + top) * sharpness);
  const [right, bottom] = [camera.width + left, camera.height + top];
  const view = [(-left - x) / k, (-top - y) / k, (right - x) / k, (bottom - y) / k];
  paintLines(pen, shown, k, view);
  paintBoxes(pen, shown, k);
}

/** Move the picture with the map. */
export function followFar({ x, y, k }) {
  if (taken === null) return;
  const scale = k / taken.k;
  const [dx, dy] = [x - (taken.x + taken.left) * scale + taken.left, y - (taken.y + taken.top) * scale + taken.top];
  byId("far").style.transform = `translate(${dx}px, ${dy}px) scale(${scale})`;
  clearTimeout(timer);
  timer = setTimeout(() => drawFar(...last), REST);
}

/** The lines; if they are too small and too many to follow, only those that are highlighted. */
function paintLines(pen, { scene, emphasis }, k, view) {
  const lines = scene.lines.filter(
    ({ bounds }) => bounds[0] < view[2] && bounds[1] < view[3] && bounds[2] > view[0] && bounds[3] > view[1],
  );
  const stroke = (lines, property, alpha, width) => {
    pen.beginPath();
    for (const { route } of lines) (k > 0.12 ? trace : traceStraight)(route, pen);
    pen.strokeStyle = paintedColour(property);
    pen.globalAlpha = alpha;
    pen.lineWidth = width / k;
    pen.stroke();
    pen.globalAlpha = 1;
  };
  const rest = emphasis === null ? lines : lines.filter((line) => !emphasis.lines(line));
  const faint = emphasis === null ? Math.min(0.5, 600 / scene.lines.length + 0.05) : 0.03;
  if (k > 0.12 || rest.length <= MOST_LINES) stroke(rest, "--edge", faint, 0.8);
  if (emphasis !== null) stroke(lines.filter(emphasis.lines), "--accent", 0.9, 1.2);
}

function paintBoxes(pen, { scene, emphasis, selected }, k) {
  const colours = layers.map((_, number) => paintedColour(`--layer-${number}`));
  const grow = Math.max(0, 1.6 / k - scene.boxes[0].height) / 2;
  for (const box of scene.boxes) {
    pen.fillStyle = colours[nodes[box.node].layer];
    pen.globalAlpha = emphasis === null || emphasis.nodes.has(box.node) ? 0.85 : 0.16;
    pen.fillRect(box.x, box.y - grow, box.width, box.height + 2 * grow);
  }
  pen.globalAlpha = 1;
  const open = scene.boxes.find((box) => box.node === selected);
  if (open) {
    pen.strokeStyle = paintedColour("--accent");
    pen.lineWidth = 2.5 / k;
    const room = 4 / k;
    pen.strokeRect(open.x - room, open.y - room, open.width + 2 * room, open.height + 2 * room);
  }
}
