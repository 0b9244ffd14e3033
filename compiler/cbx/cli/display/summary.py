"""The lines that end a compilation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.incremental.record import Summary
from cbx.project.find_project import PROJECT_FILE
from cbx.target.layout import TargetChanges

_WIDTH = 76


def summary_lines(
    summary: Summary, diagnostics: Iterable[Diagnostic], changes: TargetChanges, seconds: float, *, check: bool
) -> Iterator[str]:
    """What was compiled, what is known of the keys, and what changed in ``target/``."""
    yield (
        f"  {summary.project}: {_count(summary.models, 'model')}, "
        f"{_count(summary.relationships, 'relationship')}, {_count(summary.expectations, 'expectation')}"
    )
    counts = f"{summary.proven} proven, {summary.unproven} checked on the data, {summary.undeclared} not declared"
    yield f"  keys: {counts}"
    yield from _untraced([one for one in diagnostics if one.code is codes.UNTRACED_MODEL])
    written = "to write" if check else "written"
    removed = "to remove" if check else "removed"
    line = (
        f"  target/: {len(changes.written)} {written}, {len(changes.unchanged)} unchanged, "
        f"{len(changes.removed)} {removed}"
    )
    yield f"{line:<{_WIDTH}}{seconds:.2f} s"


def way_out(diagnostics: Iterable[Diagnostic], without: str | None) -> str:
    """What to do about a ``target/`` that is out of date.

    Args:
        diagnostics: What was found.
        without: The option by which a part of the analysis was left out.
    """
    if without is not None:
        return f"run `cbx compile {without}`, or leave `{without}` out here if it was compiled without"
    if any(_is_for_all(one) for one in diagnostics):
        return (
            "nothing was traced here, so keys may get checks that are not needed: install the extra `trace` "
            "(`pip install 'circuit-box[trace]'`) and look again"
        )
    return "run `cbx compile`"


def _is_for_all(one: Diagnostic) -> bool:
    """Whether a remark says that no model could be traced on this machine."""
    return one.code is codes.UNTRACED_MODEL and one.span is not None and one.span.path == PROJECT_FILE


def _untraced(remarks: list[Diagnostic]) -> Iterator[str]:
    """What is missed by what could not be traced, on this machine or anywhere."""
    for_all = [one for one in remarks if _is_for_all(one)]
    for one in for_all:
        yield f"  {one.message}, so some keys may be checked that could be proven: {one.hint}"
    others = len(remarks) - len(for_all)
    if others:
        yield f"  {_count(others, 'Python model')} could not be traced: `cbx compile --verbose` says why"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
