// The last updates of a model side by side: a bar for the rows that were written, and one for violations.

import { updates } from "./data.js";
import { countWords, el, secondsWords, svg } from "./dom.js";

const STEP = 18;
const BAR = 12;
const HIGH = 44;
const LOW = 26;

/** The part of the overview with the last updates; null if there were not several. */
export function historyPart(node) {
  const { history } = node;
  if (!history) return null;
  const results = history.map((result, at) => ({ at, update: updates[at], ...resultOf(result) }));
  return el(
    "section",
    { class: "part" },
    el("h3", {}, "Last updates", el("span", { class: "count" }, results.length)),
    chart(results),
    el(
      "p",
      { class: "chart-legend" },
      key("written", "rows written"),
      key("violations", "violations, once per expectation"),
    ),
    el("details", {}, el("summary", {}, "As a table"), table(results)),
  );
}

function resultOf(result) {
  if (result === null) return { status: "not run", written: null, dropped: null, violations: null, seconds: null };
  const [status, written, dropped, violations, seconds] = result;
  return { status, written: status === "completed" ? written : null, dropped, violations, seconds };
}

function chart(results) {
  const most = Math.max(1, ...results.map(({ written }) => written ?? 0));
  const worst = Math.max(1, ...results.map(({ violations }) => violations ?? 0));
  const width = results.length * STEP + 4;
  return svg(
    "svg",
    {
      class: "chart",
      viewBox: `0 0 ${width} ${HIGH + LOW + 4}`,
      width,
      height: HIGH + LOW + 4,
      role: "img",
      "aria-label": summary(results),
    },
    svg("path", { class: "axis", d: `M0 ${HIGH + 2}H${width}` }),
    ...results.map((result, at) => bars(result, at * STEP + 4, most, worst)),
  );
}

function bars(result, x, most, worst) {
  const { status, written, violations } = result;
  const high = written === null ? 0 : Math.max((HIGH * written) / most, written > 0 ? 2 : 0);
  const low = violations ? Math.max((LOW * violations) / worst, 2) : 0;
  return svg(
    "g",
    { class: "update" },
    svg("title", {}, wordsOf(result)),
    svg("rect", { class: "ground", x: x - 3, y: 0, width: STEP, height: HIGH + LOW + 4 }),
    status === "failed" ? svg("path", { class: "failed-mark", d: `M${x + 2} ${HIGH - 9}l8 8m0-8l-8 8` }) : null,
    svg("rect", { class: "written", x, y: HIGH + 1 - high, width: BAR, height: high, rx: 1.5 }),
    svg("rect", { class: "violations", x, y: HIGH + 3, width: BAR, height: low, rx: 1.5 }),
  );
}

const timeOf = ({ update }) => update[0].slice(0, 16).replace("T", " ");

function wordsOf(result) {
  const { status, written, dropped, violations, seconds } = result;
  const words = [
    written === null ? status : `${countWords(written, "row")} written`,
    dropped ? `${dropped.toLocaleString("en")} dropped` : null,
    violations ? countWords(violations, "violation") : null,
    seconds === null ? null : secondsWords(seconds),
  ];
  return `${timeOf(result)}: ${words.filter(Boolean).join(", ")}`;
}

function summary(results) {
  return `Rows and violations of ${countWords(results.length, "update")}; the last: ${wordsOf(results.at(-1))}`;
}

function key(style, words) {
  return el("span", {}, el("span", { class: `key-of ${style}`, "aria-hidden": "true" }), words);
}

function table(results) {
  const cell = (value) => el("td", {}, value === null ? "" : value.toLocaleString("en"));
  return el(
    "table",
    { class: "updates" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        ...["Update", "Status", "Written", "Dropped", "Violations", "Seconds"].map((name) =>
          el("th", { scope: "col" }, name),
        ),
      ),
    ),
    el(
      "tbody",
      {},
      ...results
        .toReversed()
        .map((result) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, timeOf(result)),
            el("td", {}, result.status),
            ...[result.written, result.dropped, result.violations, result.seconds].map(cell),
          ),
        ),
    ),
  );
}
