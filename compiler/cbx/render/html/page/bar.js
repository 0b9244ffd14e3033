// The bar: the project's name and the result of the last run.

import { lastRun, layers, project } from "./data.js";
import { byId, el, icon } from "./dom.js";
import { allViolations, RESULTS, wordsOf } from "./violations.js";

/** Fill the bar, and set the colours of the layers; `find` searches for a text. */
export function fillBar(find) {
  byId("project").textContent = project;
  layers.forEach((layer, number) => {
    document.documentElement.style.setProperty(`--layer-${number}`, `light-dark(${layer.light}, ${layer.dark})`);
    document.styleSheets[0].insertRule(`.layer-${number} { --layer: var(--layer-${number}); }`);
  });
  if (lastRun !== null) {
    const at = lastRun.at.slice(0, 16).replace("T", " ");
    byId("run").append(el("span", { class: "run-at" }, `Last run ${at} UTC`), ...runVerdict(find));
  }
}

/** The state of the last run, and its violations, each of which filters the list by a click. */
function runVerdict(find) {
  const violations = allViolations();
  const isFailed = lastRun.state === "failed";
  if (!isFailed && violations.size === 0)
    return [el("span", { class: "all-good" }, lastRun.state === "completed" ? "no violations" : "not finished")];
  const failed = violations.get("failed")?.[1] ?? 0;
  const skipped = violations.get("skipped")?.[1] ?? 0;
  return [
    isFailed && failed === 0 ? el("span", { class: "trouble bad", title: lastRun.problem }, WARNING(), "failed") : null,
    failed > 0 ? filter("failed", `${failed} failed`, find, "trouble bad") : null,
    skipped > 0 ? filter("skipped", `${skipped} skipped`, find) : null,
    ...Object.entries(RESULTS).map(([word, kind]) => {
      const words = violations.has(kind) ? wordsOf(new Map([[kind, violations.get(kind)]])) : [];
      return words.length > 0 ? filter(word, words[0], find) : null;
    }),
  ].filter(Boolean);
}

const WARNING = () => icon("M10 3.5 17.5 16.5h-15z", "M10 8.5v3.6M10 14.2v.2");

function filter(word, words, find, style = "trouble") {
  const title = `Show the models with this result (result:${word})`;
  return el(
    "button",
    { type: "button", class: style, title, on: { click: () => find(`result:${word}`) } },
    WARNING(),
    words,
  );
}
