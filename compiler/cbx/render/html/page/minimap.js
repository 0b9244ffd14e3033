// The overview of a scene that is larger than the map: where the map is, and what is highlighted. A click moves the map.

import { layers, nodes } from "./data.js";
import { byId } from "./dom.js";
import { paintedColour } from "./theme.js";

const LARGEST = { width: 140, height: 104 };
const SMALLEST = 56;
const SMALLEST_VIEW = 7;

const drawn = { scene: null, scheme: null, ground: null, across: 1, down: 1, view: null, isHidden: true };

/** Move the map by dragging in the overview; `centreOn` moves it to a point of the scene. */
export function startMinimap(centreOn) {
  const minimap = byId("minimap");
  const follow = (event) => {
    if (event.buttons !== 1) return;
    const { left, top } = minimap.getBoundingClientRect();
    centreOn((event.clientX - left) / drawn.across, (event.clientY - top) / drawn.down);
    event.preventDefault();
  };
  minimap.addEventListener("pointerdown", (event) => {
    minimap.setPointerCapture(event.pointerId);
    follow(event);
  });
  minimap.addEventListener("pointermove", follow);
}

/** Draw a scene with its highlighted nodes. */
export function drawMinimap(scene, emphasis) {
  if (scene.boxes.length === 0) return;
  const scheme = paintedColour("--ink");
  if (drawn.scene !== scene || drawn.scheme !== scheme) drawGround(scene, scheme);
  const canvas = byId("minimap-boxes");
  canvas.width = drawn.ground.width;
  canvas.height = drawn.ground.height;
  const pen = canvas.getContext("2d");
  pen.globalAlpha = emphasis === null ? 0.8 : 0.3;
  pen.drawImage(drawn.ground, 0, 0);
  if (emphasis === null) return;
  pen.globalAlpha = 1;
  pen.fillStyle = paintedColour("--accent");
  for (const box of scene.boxes) if (emphasis.nodes.has(box.node)) paint(pen, box, 3);
}

function drawGround(scene, scheme) {
  const scale = Math.min(LARGEST.width / scene.width, LARGEST.height / scene.height);
  const width = Math.max(scene.width * scale, SMALLEST);
  const height = Math.max(scene.height * scale, SMALLEST);
  Object.assign(drawn, { scene, scheme, across: width / scene.width, down: height / scene.height });
  Object.assign(byId("minimap").style, { width: `${width}px`, height: `${height}px` });
  drawn.ground = document.createElement("canvas");
  drawn.ground.width = Math.round(width * 2);
  drawn.ground.height = Math.round(height * 2);
  const pen = drawn.ground.getContext("2d");
  const colours = layers.map((_, number) => paintedColour(`--layer-${number}`));
  for (const box of scene.boxes) {
    pen.fillStyle = colours[nodes[box.node].layer];
    paint(pen, box, 1);
  }
}

function paint(pen, box, least) {
  const [width, height] = [Math.max(box.width * drawn.across * 2, least), Math.max(box.height * drawn.down * 2, least)];
  pen.fillRect(box.x * drawn.across * 2, box.y * drawn.down * 2, width, height);
}

/** Show which part of the scene the map shows; without a hidden part there is no overview. */
export function followMinimap({ x, y, k }, scene, { width, height }) {
  const [left, top] = [-x / k, -y / k];
  const isAcross = left <= 0 && left + width / k >= scene.width;
  const isWhole = isAcross && top <= 0 && top + height / k >= scene.height;
  const isHidden = isWhole || scene.boxes.length === 0;
  if (isHidden !== drawn.isHidden) byId("minimap").hidden = drawn.isHidden = isHidden;
  if (isHidden) return;
  const view = byId("minimap-view");
  const size = [
    Math.max((width / k) * drawn.across, SMALLEST_VIEW),
    Math.max((height / k) * drawn.down, SMALLEST_VIEW),
  ];
  if (`${size}` !== drawn.view) {
    drawn.view = `${size}`;
    view.style.width = `${size[0]}px`;
    view.style.height = `${size[1]}px`;
  }
  view.style.transform = `translate(${left * drawn.across}px, ${top * drawn.down}px)`;
}
