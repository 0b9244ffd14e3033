"""One mistake, one diagnostic: single mistakes of many kinds in a correct project of twenty models."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from mistakes import CLINIC, Mistake, mistakes_in, read_files

from cbx.compiler import compile_project
from cbx.diagnostics import codes
from cbx.diagnostics.codes import Severity
from cbx.diagnostics.diagnostic import Diagnostic

pytestmark = pytest.mark.slow

pytest.importorskip("pysail", reason="tracing needs the extra `trace`")

MISTAKES = int(os.environ.get("CBX_SINGLE_MISTAKES", "40"))
FILES = read_files(CLINIC)


def write_files(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def problems(root: Path) -> list[Diagnostic]:
    """Errors and warnings, and the remarks that a model could not be traced."""
    return [
        found
        for found in compile_project(root).diagnostics
        if found.severity is not Severity.INFO or found.code is codes.UNTRACED_MODEL
    ]


def chosen_mistakes() -> list[Mistake]:
    """As many as are wanted, from all files and as many of each kind, where there are as many."""
    kinds: dict[str, list[Mistake]] = {}
    for mistake in mistakes_in(FILES):
        kinds.setdefault(mistake.kind, []).append(mistake)
    chosen: list[Mistake] = []
    for number, every in enumerate(sorted(kinds.values(), key=len)):
        share = (MISTAKES - len(chosen)) / (len(kinds) - number)
        step = max(len(every) / share, 1.0)
        chosen += [every[int(at * step)] for at in range(int(len(every) / step))]
    return chosen


def test_the_project_is_correct(tmp_path: Path) -> None:
    """Else a mistake would not be the only one."""
    write_files(tmp_path, FILES)

    assert len([path for path in FILES if path.startswith("models/")]) == 20
    assert problems(tmp_path) == []


def test_one_mistake_is_one_diagnostic(tmp_path: Path) -> None:
    """What merely follows from a mistake is held back, in its own file and in every other; most are found."""
    write_files(tmp_path, FILES)
    several: list[str] = []
    noticed = 0
    mistakes = chosen_mistakes()
    for mistake in mistakes:
        mistaken = mistake.apply(FILES)
        write_files(tmp_path, {path: text for path, text in mistaken.items() if text != FILES.get(path)})
        if mistake.path not in mistaken:
            (tmp_path / mistake.path).unlink()
        found = problems(tmp_path)
        for path in mistaken.keys() - FILES.keys():
            (tmp_path / path).unlink()
        write_files(tmp_path, {mistake.path: FILES[mistake.path]})
        noticed += bool(found)
        if len(found) > 1:
            listed = "".join(
                f"\n    {diagnostic.code.id} {diagnostic.span} {diagnostic.message}" for diagnostic in found
            )
            several.append(f"{mistake.describe(FILES)}{listed}")

    assert several == []
    assert noticed > len(mistakes) * 0.8
