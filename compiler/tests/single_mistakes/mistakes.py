"""Single mistakes, one after the other, in the files of a correct project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CLINIC = Path(__file__).with_name("clinic")
_PROSE = re.compile(r'""".*?"""|--[^\n]*|\{#.*?#\}|#[^\n]*', re.DOTALL)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
_MARKS = re.compile(r"[()\[\]{},:=]|[\"']")


@dataclass(frozen=True)
class Mistake:
    """A range of a file's text, and what somebody wrote there by mistake."""

    path: str
    start: int
    end: int
    text: str
    kind: str

    def apply(self, files: dict[str, str]) -> dict[str, str]:
        before = files[self.path]
        return {**files, self.path: before[: self.start] + self.text + before[self.end :]}

    def describe(self, files: dict[str, str]) -> str:
        before = files[self.path]
        line = before.count("\n", 0, self.start) + 1
        return f"{self.path}:{line}: {self.kind} {before[self.start : self.end]!r} -> {self.text!r}"


def read_files(root: Path) -> dict[str, str]:
    """The texts of a project's files by path."""
    files = sorted(path for path in root.rglob("*") if path.suffix in {".py", ".sql", ".toml"})
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in files}


def mistakes_in(files: dict[str, str]) -> Iterator[Mistake]:
    """Each word misspelt, and each mark left out, outside comments and descriptions."""
    for path, text in files.items():
        prose = [found.span() for found in _PROSE.finditer(text)]

        def is_prose(place: int, ranges: list[tuple[int, int]] = prose) -> bool:
            return any(start <= place < end for start, end in ranges)

        for found in _WORD.finditer(text):
            if not is_prose(found.start()):
                yield Mistake(path, *found.span(), misspell(found[0]), "misspelt")
        for found in _MARKS.finditer(text):
            if not is_prose(found.start()):
                yield Mistake(path, *found.span(), "", "left out")


def misspell(word: str) -> str:
    """A word with two neighbouring letters swapped, or one doubled where all are alike."""
    for at in range(len(word) // 2, 0, -1):
        if word[at] != word[at - 1]:
            return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    return word + word[-1]
