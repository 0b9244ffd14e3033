// The bar: the project's name and the result of the last run.

import { lastRun, layers, nodes, project, troubleOf } from "./data.js";
import { byId, countWords, el, icon } from "./dom.js";

/** Fill the bar, and set the colours of the layers. */
export function fillBar() {
  byId("project").textContent = project;
  layers.forEach((layer, number) => {
    document.documentElement.style.setProperty(`--layer-${number}`, `light-dark(${layer.light}, ${layer.dark})`);
    document.styleSheets[0].insertRule(`.layer-${number} { --layer: var(--layer-${number}); }`);
  });
  if (lastRun !== null) {
    const troubled = nodes.filter((node) => troubleOf(node) !== null).length;
    const at = lastRun.at.slice(0, 16).replace("T", " ");
    byId("run").append(el("span", { class: "run-at" }, `Last run ${at} UTC`), runVerdict(troubled));
  }
}

function runVerdict(troubled) {
  const isFailed = lastRun.state === "failed";
  if (!isFailed && troubled === 0)
    return el("span", { class: "all-good" }, lastRun.state === "completed" ? "no failures" : "not finished");
  const words = troubled === 0 ? "failed" : `${countWords(troubled, "model")} with failures`;
  return el(
    "span",
    { class: isFailed ? "trouble bad" : "trouble", title: lastRun.problem },
    icon("M10 3.5 17.5 16.5h-15z", "M10 8.5v3.6M10 14.2v.2"),
    words,
  );
}
