// Lines between boxes. A route is a flat list: start, control points, end: x, y, x, y, ...

/** Draw a route with anything that has a canvas's `moveTo`, `lineTo` and `quadraticCurveTo`. */
export function trace(route, pen) {
  const last = route.length - 2;
  pen.moveTo(route[0], route[1]);
  for (let at = 2; at < last; at += 2) {
    const isLast = at + 2 === last;
    const x = isLast ? route[last] : (route[at] + route[at + 2]) / 2;
    const y = isLast ? route[last + 1] : (route[at + 1] + route[at + 3]) / 2;
    pen.quadraticCurveTo(route[at], route[at + 1], x, y);
  }
}

/** Draw a route with straight lines between its points, which pass beside the same boxes. */
export function traceStraight(route, pen) {
  pen.moveTo(route[0], route[1]);
  for (let at = 2; at < route.length; at += 2) pen.lineTo(route[at], route[at + 1]);
}

/** The same as the data of an SVG path. */
export function pathOf(route) {
  const steps = [];
  trace(route, {
    moveTo: (x, y) => steps.push(`M${x} ${y}`),
    quadraticCurveTo: (cx, cy, x, y) => steps.push(`Q${cx} ${cy} ${x} ${y}`),
  });
  return steps.join("");
}

/** A small triangle at the end of a route. */
export function arrowheadOf(route) {
  const [before, , x, y] = route.slice(-4);
  const back = x >= before ? -8 : 8;
  return `M${x} ${y}l${back} -4v8z`;
}

/** The rectangle around a route: left, top, right, bottom. */
export function boundsOf(route) {
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < route.length; at += 2) {
    bounds[0] = Math.min(bounds[0], route[at]);
    bounds[1] = Math.min(bounds[1], route[at + 1]);
    bounds[2] = Math.max(bounds[2], route[at]);
    bounds[3] = Math.max(bounds[3], route[at + 1]);
  }
  return bounds;
}
