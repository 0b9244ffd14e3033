// The code of a model or of its notebook, highlighted by Prism.

import { textsOf } from "./data.js";
import { el, say } from "./dom.js";

const LONGEST = 200_000;

/** A function that fills the tab of the source or of the notebook. */
export function codeTab(which) {
  return (node, body) => {
    let isFilled = false;
    return async () => {
      if (isFilled) return;
      isFilled = true;
      const texts = await textsOf(node);
      const text = texts?.[which === "source" ? 0 : 1];
      const path = which === "source" ? node.path : node.notebook;
      if (text === undefined) body.append(el("p", { class: "none" }, "This page does not contain the text."));
      else body.append(bar(path, text), listing(text, which === "source" ? node.language : "python"));
    };
  };
}

function bar(path, text) {
  const copy = el("button", { type: "button", class: "copy" }, "Copy");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
      say("Copied");
    } catch {
      copy.textContent = "Copy failed";
    }
    setTimeout(() => (copy.textContent = "Copy"), 1600);
  });
  return el("div", { class: "code-bar" }, el("code", {}, path), copy);
}

function listing(text, language) {
  const shown = text.replace(/\n$/, "");
  const numbers = Array.from({ length: shown.split("\n").length }, (_, line) => line + 1).join("\n");
  const tokens = shown.length > LONGEST ? [shown] : Prism.tokenize(shown, Prism.languages[language] ?? {});
  return el(
    "div",
    { class: "listing" },
    el("pre", { class: "numbers", "aria-hidden": "true" }, numbers),
    el("pre", { class: "code", tabindex: "0", "aria-label": "Code" }, el("code", {}, ...tokens.map(colourToken))),
  );
}

/** A Prism token as an element; its content stays text. */
function colourToken(token) {
  if (typeof token === "string") return token;
  const inner = Array.isArray(token.content) ? token.content : [token.content];
  return el("span", { class: `token ${token.type}` }, ...inner.map(colourToken));
}
