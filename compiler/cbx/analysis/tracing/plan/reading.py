"""The state while a plan is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cbx.analysis.relation.places import PythonCallSite
from cbx.analysis.sql.scope import Context
from cbx.analysis.tracing.plan.rows import MissingColumn, Rows, parts_of
from cbx.spark_spelling import quote_if_needed

Record = Mapping[str, Any]
CallSiteRecord = Sequence[Any]
"""The file and line of a call, as a record has them under ``site``."""


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A column that a step's input does not have.

    Attributes:
        name: As it was written.
        place: Its place in the model's file.
        candidates: The names that are known there.
    """

    name: str
    place: PythonCallSite | None
    candidates: tuple[str, ...]


@dataclass
class Reading:
    """The state while one plan is read.

    Attributes:
        context: Numbers columns.
        unknown_names: The columns that no step has.
        site: Where the step that is read was created.
    """

    context: Context
    unknown_names: list[UnknownName] = field(default_factory=list)
    site: CallSiteRecord | None = None

    def report_missing(self, names: Iterable[str], rows: Rows) -> None:
        """Report the names that rows do not have."""
        for name in names:
            quoted = quote_if_needed(name)
            if rows.find(quoted) == MissingColumn(is_sure=True):
                self.report(quoted, rows)

    def report(self, name: str, rows: Rows, site: CallSiteRecord | None = None) -> None:
        """Report a name that rows do not have, at its place in the file or at the step."""
        spelled = ".".join(parts_of(name)) or name
        candidates = tuple(dict.fromkeys(column.field.name for column in rows.columns))
        self.unknown_names.append(UnknownName(spelled, call_site(site or self.site), candidates))


def call_site(site: CallSiteRecord | None) -> PythonCallSite | None:
    """Where a call is, if its record says so."""
    return PythonCallSite(*site) if site else None
