// The map's pan and zoom with D3, by pointer, wheel, touch, keys, buttons and the overview.

import { byId, wantsStillness } from "./dom.js";

const CLOSEST = 4;
/** The scale at which the smallest text of a card has twelve pixels. */
const READABLE = 0.96;
const LARGE = 1.15;
const LARGEST_AT_FIRST = 2;
const WIDE = 1700;
const MARGIN = { top: 52, right: 14, bottom: 20, left: 14 };

/** The rectangle around some boxes. */
function around(boxes) {
  return {
    left: Math.min(...boxes.map((box) => box.x)),
    top: Math.min(...boxes.map((box) => box.y)),
    right: Math.max(...boxes.map((box) => box.x + box.width)),
    bottom: Math.max(...boxes.map((box) => box.y + box.height)),
  };
}

const within = (value, least, most) => Math.max(least, Math.min(value, most));

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
    .constrain(keepInSight)
    .on("start", () => byId("map").classList.add("moving"))
    .on("zoom", (event) => {
      if (event.sourceEvent) camera.hasAll = false;
      moved(event.transform);
    })
    .on("end", () => byId("map").classList.remove("moving"));
  map.call(zoom);

  /** Half of the map at least stays covered by the scene, or all of a smaller scene. */
  function keepInSight(transform) {
    const { width, height, scene } = camera;
    if (!scene) return transform;
    const { x, y, k } = transform;
    const kept = (room, side) => Math.min(room / 2, side * k);
    const [across, down] = [kept(width, scene.width), kept(height, scene.height)];
    const nextX = within(x, across - scene.width * k, width - across);
    const nextY = within(y, down - scene.height * k, height - down);
    return nextX === x && nextY === y ? transform : d3.zoomIdentity.translate(nextX, nextY).scale(k);
  }

  const still = () => d3.zoomTransform(map.node());
  const go = (transform, isSlow = true, hasAll = false) => {
    camera.hasAll = hasAll;
    const isAnimated = isSlow && !wantsStillness() && !document.hidden;
    map.interrupt();
    (isAnimated ? map.transition().duration(280) : map).call(zoom.transform, keepInSight(transform));
  };

  /** Measure the map and the scene; if the whole scene was visible, it stays visible. */
  camera.measure = (scene) => {
    const { clientWidth, clientHeight } = byId("map");
    Object.assign(camera, { width: clientWidth, height: clientHeight, scene });
    MARGIN.bottom = byId("foot").offsetHeight + 24;
    zoom
      .extent([
        [0, 0],
        [clientWidth, clientHeight],
      ])
      .scaleExtent([Math.min(fitScale() * 0.6, 0.5), CLOSEST]);
    if (camera.hasAll && fitScale() >= READABLE) go(centredTransform(fitScale()), false, true);
  };

  /** The free room of the map for a scene that is shown at first. */
  camera.room = () => {
    const { clientWidth, clientHeight } = byId("map");
    return {
      width: clientWidth - MARGIN.left - MARGIN.right,
      height: clientHeight - MARGIN.top - byId("foot").offsetHeight - 24,
    };
  };

  /** The scale at which a scene is shown at first, as far as its width decides. */
  camera.firstScale = (scene) => {
    const { width } = camera.room();
    return within(width / scene.width, READABLE, largest(byId("map").clientWidth));
  };

  function fitScale() {
    const { width, height, scene } = camera;
    return Math.min(
      (width - MARGIN.left - MARGIN.right) / scene.width,
      (height - MARGIN.top - MARGIN.bottom) / scene.height,
      largest(width),
    );
  }

  /** On large screens small scenes are enlarged. */
  const largest = (width) => within(width / WIDE, LARGE, LARGEST_AT_FIRST);

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

  /** Show everything if it is readable, else a readable part, from the left and the top. */
  camera.begin = () => {
    const scale = fitScale();
    go(centredTransform(Math.max(scale, READABLE)), false, scale >= READABLE);
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

  /** Move a point of the scene to the middle, without animation. */
  camera.centreOn = (x, y) => {
    const { k } = still();
    go(d3.zoomIdentity.translate(camera.width / 2 - x * k, camera.height / 2 - y * k).scale(k), false);
  };

  /**
   * Show the first of some groups of boxes that fits in a readable size; the map stays as it is if it shows it already.
   * @param {object[][]} groups boxes, from the largest group to a single box
   * @param {number} least the smallest scale
   */
  camera.frame = (groups, least = READABLE) => {
    const areas = groups.filter((boxes) => boxes.length > 0).map(around);
    const area = areas.find((candidate) => scaleFor(candidate) >= least) ?? areas.at(-1);
    if (area === undefined) return;
    const { k } = still();
    if (k >= least && isInSight(area)) return;
    const scale = Math.min(within(k, READABLE, largest(camera.width)), Math.max(scaleFor(area), least));
    centre(area, scale);
  };

  /** Show some boxes, as large as possible. */
  camera.show = (boxes) => {
    const area = around(boxes);
    centre(area, Math.min(scaleFor(area), largest(camera.width)));
  };

  const room = () => ({
    left: MARGIN.left,
    top: MARGIN.top,
    right: camera.width - MARGIN.right,
    bottom: camera.height - MARGIN.bottom,
  });

  function isInSight(area) {
    const { x, y, k } = still();
    const { left, top, right, bottom } = room();
    return (
      area.left * k + x >= left &&
      area.right * k + x <= right &&
      area.top * k + y >= top &&
      area.bottom * k + y <= bottom
    );
  }

  /** The scale at which an area fills the free room. */
  function scaleFor(area) {
    const { left, top, right, bottom } = room();
    return Math.min((right - left) / (area.right - area.left), (bottom - top) / (area.bottom - area.top));
  }

  /** Move the middle of an area to the middle of the free room, or its start to the start if it is larger. */
  function centre(area, scale) {
    const { left, top, right, bottom } = room();
    const shift = (start, end, from, to) =>
      (end - start) * scale > to - from ? from - start * scale : (from + to - (start + end) * scale) / 2;
    const x = shift(area.left, area.right, left, right);
    const y = shift(area.top, area.bottom, top, bottom);
    go(d3.zoomIdentity.translate(x, y).scale(scale));
  }

  camera.transform = still;
  return camera;
}
