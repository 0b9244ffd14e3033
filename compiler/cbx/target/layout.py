"""The folder ``target/``: which files in it belong to the compiler, and how they differ from a compilation."""

from __future__ import annotations

from typing import NamedTuple

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Diagnostic, Report
from cbx.diagnostics.source_files import Span

TARGET = "target"
MANIFEST = "manifest.json"
OWN_FOLDERS = ("notebooks", "transformations")
"""Its folders from which files without a model are removed."""

OWN_FILES = (MANIFEST, "databricks.yml")
"""The compiler's other files."""

WRITING = ".writing"
"""The folder in it of a change that was committed and is not complete."""


class TargetChanges(NamedTuple):
    """How ``target/`` differs from a compilation: paths below it."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]

    def as_diagnostics(self, hint: str = "run `cbx compile`") -> tuple[Diagnostic, ...]:
        """CBX004 for each file that is out of date, with a hint."""
        report = Report()
        reasons = [(path, "is not what the models compile to") for path in self.written]
        reasons += [(path, "belongs to no model") for path in self.removed]
        for path, reason in reasons:
            place = f"{TARGET}/{path}"
            report.add(codes.OUT_OF_DATE, f"`{place}` {reason}", Span(place), hint=hint)
        return report.sorted_diagnostics()


def interrupted_change() -> Diagnostic:
    """CBX004 for a compilation that was interrupted while it wrote ``target/``."""
    message = f"`{TARGET}/` is incomplete: a compilation was interrupted while it wrote"
    hint = "run `cbx compile` to complete it"
    return Diagnostic(codes.OUT_OF_DATE, message, Span(f"{TARGET}/{WRITING}"), hint=hint)
