"""The folder ``target/``: what in it is the compiler's own, and how it differs from a compilation."""

from __future__ import annotations

from typing import NamedTuple

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Diagnostic, Report
from cbx.diagnostics.source_files import Span

TARGET = "target"
MANIFEST = "manifest.json"
OWN_FOLDERS = ("notebooks", "transformations")
"""The folders below it from which files are removed that belong to no model any more."""

OWN_FILES = (MANIFEST, "databricks.yml")
"""The files of its own beside them."""

WRITING = ".writing"
"""The folder in it that holds a change which was decided and is not finished."""


class TargetChanges(NamedTuple):
    """How ``target/`` differs from a compilation: paths under it."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]

    def as_diagnostics(self, hint: str = "run `cbx compile`") -> tuple[Diagnostic, ...]:
        """CBX004 for each file that is out of date, with a way out."""
        report = Report()
        reasons = [(path, "is not what the models compile to") for path in self.written]
        reasons += [(path, "belongs to no model") for path in self.removed]
        for path, reason in reasons:
            place = f"{TARGET}/{path}"
            report.add(codes.OUT_OF_DATE, f"`{place}` {reason}", Span(place), hint=hint)
        return report.sorted()


def interrupted_change() -> Diagnostic:
    """CBX004 where a compilation was interrupted between two states of ``target/``."""
    message = f"`{TARGET}/` is between two states: a compilation was interrupted while it wrote"
    hint = "run `cbx compile`, which brings it to its end"
    return Diagnostic(codes.OUT_OF_DATE, message, Span(f"{TARGET}/{WRITING}"), hint=hint)
