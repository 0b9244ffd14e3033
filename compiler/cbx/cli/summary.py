"""The lines that end a compilation."""

from __future__ import annotations

from collections.abc import Iterator

from cbx.ir.plan import Plan
from cbx.write import Changes

_WIDTH = 76


def summary_lines(plan: Plan, changes: Changes, seconds: float, *, check: bool) -> Iterator[str]:
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
    written = "to write" if check else "written"
    removed = "to remove" if check else "removed"
    line = (
        f"  target/: {len(changes.written)} {written}, {len(changes.unchanged)} unchanged, "
        f"{len(changes.removed)} {removed}"
    )
    yield f"{line:<{_WIDTH}}{seconds:.2f} s"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
