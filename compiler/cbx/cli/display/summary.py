"""The lines that end a compilation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.incremental.record import Summary
from cbx.project.find_project import PROJECT_FILE
from cbx.target.layout import TargetChanges


def summary_lines(
    summary: Summary, diagnostics: Iterable[Diagnostic], changes: TargetChanges, seconds: float, *, check: bool
) -> Iterator[str]:
    """The summary of a compilation: a headline, counts of models, verdicts of keys, and changes in ``target/``."""
    done = "Checked" if check else "Compiled"
    yield f"{done} {_count(summary.models, 'model')} of {summary.project} in {seconds:.2f} s"
    yield f"  {_count(summary.relationships, 'relationship')}, {_count(summary.expectations, 'expectation')}"
    counts = f"{summary.proven:,} proven, {summary.unproven:,} checked on the data, {summary.undeclared:,} not declared"
    yield f"  keys: {counts}"
    yield from _untraced_lines([diagnostic for diagnostic in diagnostics if diagnostic.code is codes.UNTRACED_MODEL])
    written = "to write" if check else "written"
    removed = "to remove" if check else "removed"
    yield (
        f"  target/: {len(changes.written):,} {written}, {len(changes.unchanged):,} unchanged, "
        f"{len(changes.removed):,} {removed}"
    )


def out_of_date_hint(diagnostics: Iterable[Diagnostic], without: str | None) -> str:
    """How to bring an outdated ``target/`` up to date.

    Args:
        diagnostics: The diagnostics of the compilation.
        without: The option that switched off a part of the analysis; None if there is none.
    """
    if without is not None:
        return f"run `cbx compile {without}`, or remove `{without}` here if target/ was compiled without it"
    if any(_is_about_machine(diagnostic) for diagnostic in diagnostics):
        return (
            "no model was traced here, so keys may get checks that are not needed: install the extra `trace` "
            "(`pip install 'circuit-box[trace]'`) and check again"
        )
    return "run `cbx compile`"


def _is_about_machine(diagnostic: Diagnostic) -> bool:
    """Whether a diagnostic reports that no model can be traced on this machine."""
    is_untraced = diagnostic.code is codes.UNTRACED_MODEL
    return is_untraced and diagnostic.span is not None and diagnostic.span.path == PROJECT_FILE


def _untraced_lines(diagnostics: list[Diagnostic]) -> Iterator[str]:
    """Lines about models that were not traced."""
    about_machine = [diagnostic for diagnostic in diagnostics if _is_about_machine(diagnostic)]
    for diagnostic in about_machine:
        yield f"  {diagnostic.message}, so some keys may get checks that are not needed: {diagnostic.hint}"
    others = len(diagnostics) - len(about_machine)
    if others:
        yield f"  {_count(others, 'Python model')} could not be traced; for the reasons, run `cbx compile --verbose`"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
