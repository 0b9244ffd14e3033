"""Single mistakes, one after the other, in the files of a correct project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

CLINIC = Path(__file__).with_name("clinic")
_PROSE = re.compile(r'""".*?"""|--[^\n]*|\{#.*?#\}|#[^\n]*', re.DOTALL)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
_MARKS = re.compile(r"[()\[\]{},:=]|[\"']")
_LINE = re.compile(r"[^\n]*\S[^\n]*\n")
_OTHER_MARKS = {",": ";", '"': "'", "(": "[", ":": "=", "=": ":", "}": ")"}
_VALUE = re.compile(r'(?<=\w=)"[^"\n]*"')
_WRONG_VALUES = ("7", "True", '["x"]')
_ARGUMENT = re.compile(r'\n    (\w+=(?:"[^"\n]*"|\[[^\[\]\n]*\]|\w+)),')
_INNER_CALL = re.compile(r"\b(?:column|expect\w*|\w+_to_\w+|ref|stream|source|stream_source|auto_loader)\(")
_TYPE = re.compile(r'(?<=": ")[A-Z]+(?=")|(?<=column\(")[A-Z]+(?=")')
_OTHER_TYPES = {"BIGINT": "STRING", "INT": "DATE", "STRING": "BIGINT", "DATE": "TIMESTAMP", "TIMESTAMP": "STRING"}
_KEY = re.compile(r'(?<=\bkey=")\w+(?=")')
_COLUMN = re.compile(r'"(\w+)": (?:"[A-Z]|column)')
_INPUT = re.compile(r"\b(ref|stream|source|stream_source)(?=\(\")")
_OTHER_INPUTS = {"ref": "stream", "stream": "ref", "source": "stream_source", "stream_source": "source"}
_MODEL = re.compile(r'(?<=\(")(landing|cleaned|reports)(?=\.\w+")')
_CLAUSE = re.compile(r"(?:SELECT|FROM|JOIN|LEFT JOIN|LATERAL VIEW|GROUP BY|WITH)\b[^\n]*\n", re.IGNORECASE)
_SETTING = re.compile(r"(?m)^(?:\[[^\n]*\]|\w+ =[^\n]*)\n")
_IMPORT = re.compile(r"from pyspark.sql import functions as F")
_HEAD = re.compile(r"(?m)^(?:\{% macro|def) (\w+)\(([^\n]*)\n")
_CALL_OF_MACRO = re.compile(r"(?<!macro )(?<!def )\b(?:positive|listed|price_of|tidy)\(([^,()]*(?:, )?)")
_RELATIONSHIP = re.compile(r"(?:many|one)_to_(?:many|one)(?=\()")
_OTHER_ENDS = {"many_to_one": "one_to_many", "one_to_many": "many_to_one", "one_to_one": "many_to_one"}
_RELATED = re.compile(r"(?<=_to_one\(\")[\w.]+(?=\")|(?<=_to_many\(\")[\w.]+(?=\")")
_ON = re.compile(r'(?<=\bon=")\w+(?=")')
_OTHER_LAYERS = {"landing": "reports", "cleaned": "landing", "reports": "cleaned"}


@dataclass(frozen=True)
class Mistake:
    """A range of a file's text, and what somebody wrote there by mistake; or another path that the file was given."""

    path: str
    start: int
    end: int
    text: str
    kind: str
    moved_to: str | None = None

    def apply(self, files: dict[str, str]) -> dict[str, str]:
        before = files[self.path]
        others = {path: text for path, text in files.items() if path != self.path}
        return {**others, self.moved_to or self.path: before[: self.start] + self.text + before[self.end :]}

    def describe(self, files: dict[str, str]) -> str:
        before = files[self.path]
        line = before.count("\n", 0, self.start) + 1
        if self.moved_to is not None:
            return f"{self.path}: {self.kind} {self.moved_to}"
        return f"{self.path}:{line}: {self.kind} {before[self.start : self.end]!r} -> {self.text!r}"


def read_files(root: Path) -> dict[str, str]:
    """The texts of a project's files by path."""
    files = sorted(path for path in root.rglob("*") if path.suffix in {".py", ".sql", ".toml"})
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in files}


def mistakes_in(files: dict[str, str]) -> Iterator[Mistake]:
    """Each single mistake of every kind, outside comments and descriptions."""
    for path, text in files.items():
        prose = [found.span() for found in _PROSE.finditer(text)]
        mistakes = [*_mistaken_text(path, text), *_mistaken_lines(path, text)]
        if path.startswith("models/"):
            mistakes += [*_mistaken_declarations(path, text), *_mistaken_relationships(path, text)]
            mistakes += _renamed_columns(path, text)
            yield from (mistake for mistake in _mistaken_files(path, text) if mistake.moved_to not in files)
        for mistake in mistakes:
            if not any(start <= mistake.start < end for start, end in prose):
                yield mistake


def _mistaken_text(path: str, text: str) -> Iterator[Mistake]:
    for found in _WORD.finditer(text):
        yield Mistake(path, *found.span(), misspell(found[0]), "misspelt")
        yield Mistake(path, *found.span(), f"{found[0]} {found[0]}", "word doubled")
    for found in _MARKS.finditer(text):
        yield Mistake(path, *found.span(), "", "left out")
        if found[0] in _OTHER_MARKS:
            yield Mistake(path, *found.span(), _OTHER_MARKS[found[0]], "mark replaced")
    for found in _LINE.finditer(text):
        yield Mistake(path, *found.span(), "", "line deleted")
        yield Mistake(path, *found.span(), found[0] * 2, "line doubled")


def _mistaken_lines(path: str, text: str) -> Iterator[Mistake]:
    """Lines that matter to other files: clauses of queries, settings, and the heads and calls of macros."""
    for found in _CALL_OF_MACRO.finditer(text):
        yield Mistake(path, *found.span(1), f"1, {found[1]}", "macro argument added")
        yield Mistake(path, *found.span(1), "", "macro argument left out")
    if path.endswith(".sql"):
        declaration = text.find("}}\n") + 1
        for found in _CLAUSE.finditer(text, declaration):
            yield Mistake(path, *found.span(), "", "clause deleted")
    for found in _IMPORT.finditer(text):
        yield Mistake(path, *found.span(), "from functions_of_nowhere import functions as F", "absent module")
    if path.endswith(".toml"):
        for found in _SETTING.finditer(text):
            yield Mistake(path, *found.span(), "", "setting deleted")
            yield Mistake(path, found.start() + 1, found.start() + 3, found[0][2:0:-1], "setting misspelt")
    if path.startswith("macros/"):
        yield from _mistaken_macros(path, text)


def _mistaken_macros(path: str, text: str) -> Iterator[Mistake]:
    for found in _HEAD.finditer(text):
        yield Mistake(path, *found.span(), "", "macro head deleted")
        yield Mistake(path, found.start(2), found.start(2), "more, ", "macro parameter added")
        yield Mistake(path, *found.span(1), misspell(found[1]), "macro misspelt")


def _mistaken_relationships(path: str, text: str) -> Iterator[Mistake]:
    for found in _RELATIONSHIP.finditer(text):
        if f"import {found[0]}" not in text and path.endswith(".sql"):
            yield Mistake(path, *found.span(), _OTHER_ENDS[found[0]], "relationship changed")
        yield Mistake(path, *found.span(), misspell(found[0]), "relationship misspelt")
    for found in _RELATED.finditer(text):
        yield Mistake(path, *found.span(), misspell(found[0]), "relationship misspelt")
    for found in _ON.finditer(text):
        yield Mistake(path, *found.span(), misspell(found[0]), "relationship misspelt")
        others = [name for name in _COLUMN.findall(text) if name != found[0]]
        yield from (Mistake(path, *found.span(), name, "relationship column changed") for name in others)


def _renamed_columns(path: str, text: str) -> Iterator[Mistake]:
    """A column renamed throughout the file of a model that others read."""
    if path.startswith("models/landing/"):
        for name in dict.fromkeys(_COLUMN.findall(text)):
            places = [found.span() for found in re.finditer(rf"\b{name}\b", text)]
            start, end = places[0][0], places[-1][1]
            yield Mistake(path, start, end, re.sub(rf"\b{name}\b", f"new_{name}", text[start:end]), "column renamed")


def _mistaken_declarations(path: str, text: str) -> Iterator[Mistake]:
    for number, found in enumerate(_VALUE.finditer(text)):
        yield Mistake(path, *found.span(), _WRONG_VALUES[number % 3], "wrong value")
    for argument in _ARGUMENT.finditer(text):
        for call in _INNER_CALL.finditer(text, argument.end()):
            between = text[argument.end() : call.end()]
            yield Mistake(path, argument.start(), call.end(), f"{between}{argument[1]}, ", "argument moved")
            break
    for found in _TYPE.finditer(text):
        yield Mistake(path, *found.span(), _OTHER_TYPES[found[0]], "type changed")
    columns = _COLUMN.findall(text)
    for found in _KEY.finditer(text):
        yield from (Mistake(path, *found.span(), name, "key changed") for name in columns if name != found[0])
    for found in _INPUT.finditer(text):
        other = _OTHER_INPUTS[found[0]]
        yield Mistake(path, *found.span(), other, "input changed")
        imported = re.search(rf"(?<=[ ,]){found[0]}\b", text[: text.find("\n\n\n")])
        if path.endswith(".py") and imported is not None:
            between = text[imported.start() : found.start()].replace(found[0], f"{other}, {found[0]}", 1)
            yield Mistake(path, imported.start(), found.end(), between + other, "input changed")
    for found in _MODEL.finditer(text):
        yield Mistake(path, *found.span(), _OTHER_LAYERS[found[0]], "other layer")


def _mistaken_files(path: str, text: str) -> Iterator[Mistake]:
    yield Mistake(path, 0, len(text), "", "emptied")
    stem = PurePosixPath(path)
    yield Mistake(path, 0, len(text), text, "renamed", str(stem.with_stem(misspell(stem.stem))))
    for layer, other in _OTHER_LAYERS.items():
        if path.startswith(f"models/{layer}/"):
            yield Mistake(path, 0, len(text), text, "renamed", path.replace(layer, other, 1))


def misspell(word: str) -> str:
    """A word with two neighbouring letters swapped, or one doubled where all are alike."""
    for at in range(len(word) // 2, 0, -1):
        if word[at] != word[at - 1]:
            return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    return word + word[-1]
