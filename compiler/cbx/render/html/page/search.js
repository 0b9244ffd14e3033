// Search for models and columns by parts of their names, and for prose pages by their words; if few match, also by
// names that are similar.

import { nodes, prose } from "./data.js";

const FEW = 8;
const NOWHERE = 99;
const BEFORE = 24;
const EXCERPT = 90;

let entries = null;

/** The searchable texts of each node in lower case, created at the first search. */
function entriesOf() {
  entries ??= nodes.map((node) => ({
    node,
    id: node.id.toLowerCase(),
    columns: node.columns.map((column) => column[0].toLowerCase()),
    rest: [node.description, node.kind, node.owner ?? "", ...node.tags, ...node.rules.map((rule) => rule[0])]
      .join(" ")
      .toLowerCase(),
  }));
  return entries;
}

let pages = null;

/** The prose pages with their text, created at the first search. */
function pagesOf() {
  pages ??= prose.map((page) => ({ page, text: page.elements.map(textOf).join(" ").replace(/\s+/g, " ").trim() }));
  return pages;
}

const INLINE = new Set(["a", "code", "em", "strong", "s"]);

function textOf(element) {
  if (typeof element === "string") return element;
  const [tag, ...rest] = element;
  const text = (tag === "a" ? rest.slice(1) : rest).map(textOf).join("");
  return INLINE.has(tag) ? text : ` ${text} `;
}

/**
 * The nodes, columns and pages that contain every word, best matches first.
 * @param {string} query
 * @returns {{node: object, column: string|null}[]} `column` is a matching column; null if the node itself matches. A page
 *   has `page` and `excerpt` instead.
 */
export function search(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = entriesOf().flatMap((entry) => matchesOf(entry, words, rankOf, rankOfColumn));
  if (matches.length < FEW) {
    const seen = new Set(matches.map(({ node, column }) => `${node.index} ${column}`));
    const similar = entriesOf().flatMap((entry) => matchesOf(entry, words, similarRankOf, similarRankOfColumn));
    matches.push(...similar.filter(({ node, column }) => !seen.has(`${node.index} ${column}`)));
  }
  matches.push(...pagesOf().flatMap((page) => matchOfPage(page, words)));
  return matches.sort((left, right) => left.rank - right.rank || placeOf(left) - placeOf(right));
}

const placeOf = ({ node }) => node?.index ?? Infinity;

/** A page whose title or text has all words, with the text around the first of them. */
function matchOfPage({ page, text }, words) {
  const [title, lower] = [page.title.toLowerCase(), text.toLowerCase()];
  if (!words.every((word) => title.includes(word) || lower.includes(word))) return [];
  const at = Math.max(lower.indexOf(words.find((word) => lower.includes(word)) ?? ""), 0);
  const start = at < BEFORE ? 0 : text.indexOf(" ", at - BEFORE) + 1;
  const excerpt = `${start > 0 ? "… " : ""}${text.slice(start, start + EXCERPT)}${text.length > start + EXCERPT ? " …" : ""}`;
  return [{ node: null, column: null, page, excerpt, rank: words.every((word) => title.includes(word)) ? 2 : 5 }];
}

/** A match for the node if all words match it, and one for each column that has the words that the node has not. */
function matchesOf(entry, words, rankIn, rankInColumn) {
  const ranks = words.map((word) => rankIn(entry, word));
  const worst = Math.max(...ranks);
  const matches = worst < NOWHERE ? [{ node: entry.node, column: null, rank: worst }] : [];
  entry.columns.forEach((name, place) => {
    const columnRanks = words.map((word) => rankInColumn(name, word));
    const best = words.map((_, at) => Math.min(ranks[at], columnRanks[at]));
    const its = columnRanks.filter((rank) => rank < NOWHERE);
    if (its.length > 0 && best.every((rank) => rank < NOWHERE))
      matches.push({ node: entry.node, column: entry.node.columns[place][0], rank: Math.max(...its) });
  });
  return matches;
}

/** How well a word matches a node; less is better. */
function rankOf(entry, word) {
  const name = entry.id.slice(entry.id.indexOf(".") + 1);
  if (name === word || entry.id === word) return 0;
  if (name.startsWith(word)) return 1;
  if (entry.id.includes(word)) return 2;
  return entry.rest.includes(word) ? 5 : NOWHERE;
}

function rankOfColumn(name, word) {
  return name === word ? 3 : name.includes(word) ? 4 : NOWHERE;
}

const similarRankOf = (entry, word) => (rankOf(entry, word) < NOWHERE ? 5 : isSimilar(entry.id, word) ? 6 : NOWHERE);
const similarRankOfColumn = (name, word) => (name.includes(word) ? 5 : isSimilar(name, word) ? 7 : NOWHERE);

/** Whether a part of a text starts with a word, apart from a mistake or two, or has its letters in their order. */
function isSimilar(text, word) {
  const [parts, typed] = [text, word].map((name) => name.split(/[_./ -]+/));
  const letters = typed.join(" ");
  const mistakes = letters.length > 6 ? 2 : letters.length > 3 ? 1 : 0;
  return parts.some((part, place) => {
    const rest = parts.slice(place).join(" ");
    return (
      letters.length > 2 && part[0] === letters[0] && (startsWith(rest, letters, mistakes) || hasLetters(rest, letters))
    );
  });
}

/** Whether a text starts with a word in which some letters are missing, additional, different or swapped. */
function startsWith(text, word, mistakes) {
  let at = 0;
  while (at < word.length && text[at] === word[at]) at += 1;
  if (at === word.length) return true;
  if (mistakes === 0) return false;
  const [here, typed] = [text.slice(at), word.slice(at)];
  const isSwapped = here[0] === typed[1] && here[1] === typed[0];
  return (
    startsWith(here.slice(1), typed.slice(1), mistakes - 1) ||
    startsWith(here, typed.slice(1), mistakes - 1) ||
    startsWith(here.slice(1), typed, mistakes - 1) ||
    (isSwapped && startsWith(here.slice(2), typed.slice(2), mistakes - 1))
  );
}

function hasLetters(text, word) {
  let at = 0;
  for (const letter of word) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return at <= 3 * word.length + 4;
}
