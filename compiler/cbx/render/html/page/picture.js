// The picture of a scene as SVG, as PNG, and on paper. A content security policy keeps the browser from loading an SVG
// into a canvas, so the same shapes are painted there.

import { byId, el, svg } from "./dom.js";
import { shapesOf } from "./shapes.js";

const SHARPNESS = 2;
const LARGEST = 12_000;

/** Set up the buttons and printing; `sceneOf` gives the scene on the map, `nameOf` the name of a file. */
export function startPictures(sceneOf, nameOf) {
  byId("save-svg").addEventListener("click", () => save(svgFile(sceneOf()), `${nameOf()}.svg`));
  byId("save-png").addEventListener("click", () => pngFile(sceneOf()).then((file) => save(file, `${nameOf()}.png`)));
  addEventListener("beforeprint", () => byId("print").replaceChildren(svgOf(shapesOf(sceneOf(), true))));
  addEventListener("afterprint", () => byId("print").replaceChildren());
}

function save(file, name) {
  const address = URL.createObjectURL(file);
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function svgFile(scene) {
  const text = new XMLSerializer().serializeToString(svgOf(shapesOf(scene)));
  return new Blob([text], { type: "image/svg+xml" });
}

function svgOf({ width, height, shapes }) {
  const attributes = { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" };
  return svg("svg", attributes, ...shapes.map(svgShape));
}

function svgShape(shape) {
  const { kind, dx, dy, fill, stroke = "none", dash = [], cap } = shape;
  const look = {
    fill,
    stroke,
    "stroke-dasharray": dash.join(" ") || null,
    "stroke-width": shape.kind === "rect" ? 1 : shape.width,
    "stroke-linecap": cap,
  };
  if (kind === "rect")
    return svg("rect", {
      ...look,
      x: shape.x + dx,
      y: shape.y + dy,
      width: shape.width,
      height: shape.height,
      rx: shape.radius ?? 0,
    });
  const { x = 0, y = 0, scale = 1 } = shape;
  const place = { transform: `translate(${dx + x} ${dy + y}) scale(${scale})` };
  if (kind === "path") return svg("path", { ...look, ...place, d: shape.d });
  if (kind === "circle") return svg("circle", { ...look, ...place, cx: shape.cx, cy: shape.cy, r: shape.r });
  const { size, weight, family } = shape.font;
  const font = {
    "font-size": size,
    "font-weight": weight,
    "font-family": family,
    "text-anchor": shape.isCentred ? "middle" : null,
  };
  return svg("text", { fill, ...font, x: shape.x + dx, y: shape.y + dy }, shape.text);
}

function pngFile(scene) {
  const { width, height, shapes } = shapesOf(scene);
  const scale = Math.min(SHARPNESS, LARGEST / Math.max(width, height));
  const canvas = el("canvas", { width: Math.round(width * scale), height: Math.round(height * scale) });
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  for (const shape of shapes) paint(pen, shape);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function paint(pen, shape) {
  const { kind, dx, dy, fill, stroke = "none", dash = [], cap } = shape;
  pen.save();
  pen.translate(dx, dy);
  pen.fillStyle = fill;
  if (kind === "text") {
    const { size, weight, family } = shape.font;
    pen.font = `${weight} ${size}px ${family}`;
    pen.textAlign = shape.isCentred ? "center" : "left";
    pen.fillText(shape.text, shape.x, shape.y);
  } else {
    if (kind === "path") pen.transform(shape.scale ?? 1, 0, 0, shape.scale ?? 1, shape.x ?? 0, shape.y ?? 0);
    const path = new Path2D(kind === "path" ? shape.d : undefined);
    if (kind === "rect") path.roundRect(shape.x, shape.y, shape.width, shape.height, shape.radius ?? 0);
    if (kind === "circle") path.arc(shape.cx, shape.cy, shape.r, 0, 2 * Math.PI);
    if (fill !== "none") pen.fill(path);
    pen.setLineDash(dash);
    pen.lineCap = cap ?? "butt";
    pen.lineWidth = kind === "rect" ? 1 : shape.width;
    pen.strokeStyle = stroke;
    if (stroke !== "none") pen.stroke(path);
  }
  pen.restore();
}
