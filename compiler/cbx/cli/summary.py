"""The lines that end a compilation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cbx import codes
from cbx.diagnostics import Diagnostic
from cbx.ir.plan import Plan
from cbx.project import PROJECT_FILE
from cbx.write import Changes

_WIDTH = 76


def summary_lines(
    plan: Plan, diagnostics: Iterable[Diagnostic], changes: Changes, seconds: float, *, check: bool
) -> Iterator[str]:
    """What was compiled, what is known of the keys, and what changed in ``target/``."""
    models = plan.models
    expectations = sum(len(one.model.expectations) for one in models)
    yield (
        f"  {plan.project.name}: {_count(len(models), 'model')}, "
        f"{_count(len(plan.relationships), 'relationship')}, {_count(expectations, 'expectation')}"
    )
    verdicts = list(plan.key_verdicts.values())
    undeclared = len(models) - len(verdicts)
    yield (
        f"  keys: {verdicts.count('proven')} proven, {verdicts.count('unproven')} checked on the data, "
        f"{undeclared} not declared"
    )
    for one in diagnostics:
        if one.code is codes.UNTRACED_MODEL and one.span is not None and one.span.path == PROJECT_FILE:
            yield f"  {one.message}, so some keys may be checked that could be proven: {one.hint}"
    written = "to write" if check else "written"
    removed = "to remove" if check else "removed"
    line = (
        f"  target/: {len(changes.written)} {written}, {len(changes.unchanged)} unchanged, "
        f"{len(changes.removed)} {removed}"
    )
    yield f"{line:<{_WIDTH}}{seconds:.2f} s"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
