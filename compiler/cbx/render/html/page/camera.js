// The map's pan and zoom with D3, by pointer, wheel, touch, keys and buttons.

import { byId, wantsStillness } from "./dom.js";

const CLOSEST = 2;
const READABLE = 0.6;
const PLEASANT = 0.8;
const MANY = 400;
const MARGIN = { top: 56, right: 20, bottom: 20, left: 20 };

/** The rectangle around some boxes. */
function around(boxes) {
  return {
    left: Math.min(...boxes.map((box) => box.x)),
    top: Math.min(...boxes.map((box) => box.y)),
    right: Math.max(...boxes.map((box) => box.x + box.width)),
    bottom: Math.max(...boxes.map((box) => box.y + box.height)),
  };
}

/**
 * A camera over the map.
 * @param {function({x: number, y: number, k: number}, boolean): void} moved called at every step
 */
export function startCamera(moved) {
  const map = d3.select(byId("map"));
  const camera = { width: 1, height: 1, hasAll: false };
  const zoom = d3
    .zoom()
    .clickDistance(4)
    .on("start", () => byId("map").classList.add("moving"))
    .on("zoom", (event) => {
      if (event.sourceEvent) camera.hasAll = false;
      moved(event.transform);
    })
    .on("end", () => byId("map").classList.remove("moving"));
  map.call(zoom);

  const still = () => d3.zoomTransform(map.node());
  const go = (transform, isSlow = true, hasAll = false) => {
    camera.hasAll = hasAll;
    const isAnimated = isSlow && !wantsStillness() && !document.hidden;
    map.interrupt();
    (isAnimated ? map.transition().duration(280) : map).call(zoom.transform, transform);
  };

  /** Measure the map and the scene; if the whole scene was visible, it stays visible. */
  camera.measure = (scene) => {
    const { clientWidth, clientHeight } = byId("map");
    Object.assign(camera, { width: clientWidth, height: clientHeight, scene });
    MARGIN.bottom = byId("foot").offsetHeight + 28;
    zoom
      .extent([
        [0, 0],
        [clientWidth, clientHeight],
      ])
      .scaleExtent([Math.min(fitScale() * 0.6, 0.5), CLOSEST]);
    if (camera.hasAll && fitScale() >= READABLE) go(centredTransform(fitScale()), false, true);
  };

  function fitScale() {
    const { width, height, scene } = camera;
    return Math.min(
      (width - MARGIN.left - MARGIN.right) / scene.width,
      (height - MARGIN.top - MARGIN.bottom) / scene.height,
      1.15,
    );
  }

  function centredTransform(scale) {
    const { width, height, scene } = camera;
    const free = [
      width - MARGIN.left - MARGIN.right - scene.width * scale,
      height - MARGIN.top - MARGIN.bottom - scene.height * scale,
    ];
    return d3.zoomIdentity
      .translate(MARGIN.left + Math.max(free[0] / 2, 0), MARGIN.top + Math.max(free[1] / 2, 0))
      .scale(scale);
  }

  /** Show everything. */
  camera.fit = () => go(centredTransform(fitScale()), true, true);

  /** Show some boxes, as large as possible. */
  camera.show = (boxes) => {
    const area = around(boxes);
    centre(area, Math.min(scaleFor(area), 1.15));
  };

  /** Show everything if it is readable, or if there are very many boxes; else a readable part, from the left. */
  camera.begin = () => {
    const scale = fitScale();
    const isTooSmall = scale < READABLE && camera.scene.boxes.length <= MANY;
    go(centredTransform(isTooSmall ? PLEASANT : scale), false, !isTooSmall);
  };

  camera.zoomBy = (factor) => {
    const selection = wantsStillness() ? map : map.transition().duration(160);
    camera.hasAll = false;
    selection.call(zoom.scaleBy, factor);
  };

  camera.panBy = (x, y) => {
    camera.hasAll = false;
    map.call(zoom.translateBy, x / still().k, y / still().k);
  };

  /**
   * Make a box visible and readable, together with its neighbours if there is room.
   * @param {object} box
   * @param {object[]} others its neighbours
   */
  camera.reveal = (box, others = []) => {
    const { k } = still();
    const scale = k < READABLE * 0.7 ? PLEASANT : k;
    const whole = around([box, ...others]);
    if (fits(whole, scale) && scale === k) nudge(whole, k);
    else if (fits(whole, Math.min(scale, READABLE))) centre(whole, Math.min(scale, scaleFor(whole)));
    else if (scale !== k || !isInMidst(box)) centre(around([box]), scale);
  };

  const room = () => ({
    left: MARGIN.left,
    top: MARGIN.top,
    right: camera.width - MARGIN.right,
    bottom: camera.height - MARGIN.bottom,
  });

  /** Whether a box is visible and not near the left or right border. */
  function isInMidst(box) {
    const { x, y, k } = still();
    const { left, top, right, bottom } = room();
    const rim = (right - left) / 6;
    const [start, end] = [box.x * k + x, (box.x + box.width) * k + x];
    return start >= left + rim && end <= right - rim && box.y * k + y >= top && (box.y + box.height) * k + y <= bottom;
  }

  /** The scale at which an area fills the free room. */
  function scaleFor(area) {
    const { left, top, right, bottom } = room();
    return Math.min((right - left) / (area.right - area.left), (bottom - top) / (area.bottom - area.top));
  }

  const fits = (area, scale) => scaleFor(area) >= scale;

  /** Move the map just enough to show an area. */
  function nudge(area, k) {
    const { x, y } = still();
    const { left, top, right, bottom } = room();
    const by = (low, high, start, end) =>
      high - low > end - start || low < start ? start - low : high > end ? end - high : 0;
    const dx = by(area.left * k + x, area.right * k + x, left, right);
    const dy = by(area.top * k + y, area.bottom * k + y, top, bottom);
    if (dx !== 0 || dy !== 0) go(d3.zoomIdentity.translate(x + dx, y + dy).scale(k));
  }

  function centre(area, scale) {
    const { left, top, right, bottom } = room();
    const middle = [(area.left + area.right) / 2, (area.top + area.bottom) / 2];
    go(
      d3.zoomIdentity
        .translate((left + right) / 2 - middle[0] * scale, (top + bottom) / 2 - middle[1] * scale)
        .scale(scale),
    );
  }

  camera.transform = still;
  return camera;
}
