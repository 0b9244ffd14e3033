// Light and dark colours: those of the system, until the reader chooses.

import { byId, icon } from "./dom.js";

const CHOICES = {
  auto: {
    scheme: "light dark",
    label: "Colours: system",
    paths: ["M10 3.5a6.5 6.5 0 1 0 0 13z", "M10 3.5a6.5 6.5 0 0 1 0 13"],
  },
  light: {
    scheme: "light",
    label: "Colours: light",
    paths: [
      "M10 6.7a3.3 3.3 0 1 0 0 6.6 3.3 3.3 0 0 0 0-6.6",
      "M10 2.6v1.2M10 16.2v1.2M2.6 10h1.2M16.2 10h1.2M4.8 4.8l.8.8M14.4 14.4l.8.8M4.8 15.2l.8-.8M14.4 5.6l.8-.8",
    ],
  },
  dark: { scheme: "dark", label: "Colours: dark", paths: ["M16 11.6A6.5 6.5 0 0 1 8.4 4 6.5 6.5 0 1 0 16 11.6z"] },
};
const KEY = "cbx-theme";

/** Set up the colours; `changed` is called whenever they change. */
export function startTheme(changed) {
  show(storedTheme());
  byId("theme").addEventListener("click", () => {
    const names = Object.keys(CHOICES);
    const next = names[(names.indexOf(document.documentElement.dataset.theme) + 1) % names.length];
    show(next);
    storeTheme(next);
    changed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

function show(name) {
  const choice = CHOICES[name];
  document.documentElement.dataset.theme = name;
  document.documentElement.style.colorScheme = choice.scheme;
  byId("theme").setAttribute("aria-label", choice.label);
  byId("theme").title = choice.label;
  byId("theme").replaceChildren(icon(...choice.paths));
}

// A page that was opened as a file may have no storage.
function storedTheme() {
  try {
    const name = localStorage.getItem(KEY);
    return name in CHOICES ? name : "auto";
  } catch {
    return "auto";
  }
}

function storeTheme(name) {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // the choice then lasts as long as the page
  }
}

/** The colour of a custom property as the browser paints it, for canvases. */
export function paintedColour(property) {
  const probe = document.createElement("i");
  probe.style.color = `var(${property})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
