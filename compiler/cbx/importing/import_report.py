"""The report of an import, as ``IMPORT.md``, JSON and lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cbx.diagnostics.source_files import Span
from cbx.emit.literals import list_literal, string_literal


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """A model, and where it was defined before."""

    id: str
    path: str
    name: str
    table: str
    kind: str
    span: Span


@dataclass(frozen=True, slots=True)
class ReportItem:
    """Something that the user has to know: what, where, and why."""

    what: str
    span: Span | None
    reason: str

    @property
    def place(self) -> str:
        """The file and the line."""
        return "" if self.span is None else f"{self.span.path}:{self.span.line}"


@dataclass(frozen=True, slots=True)
class ProposedKey:
    """A key that a model may declare.

    Attributes:
        model: The model.
        columns: The columns of the key.
        rows: The number of rows in which it was found; None if it is proven.
    """

    model: str
    columns: tuple[str, ...]
    rows: int | None

    @property
    def argument(self) -> str:
        """The argument of the declaration."""
        return f"key={string_literal(self.columns[0]) if len(self.columns) == 1 else list_literal(self.columns)}"

    @property
    def reason(self) -> str:
        """Why it is proposed."""
        return "proven" if self.rows is None else f"found in the data: {self.rows:,} rows"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of an import.

    Attributes:
        models: The models.
        left: What no model can say.
        notes: What changes although no row depends on it, and what has to be done.
        left_files: The files with what is left.
        comments: The comments that no file of the project has.
        keys: The keys that models may declare.
    """

    models: Sequence[ImportedModel]
    left: Sequence[ReportItem]
    notes: Sequence[ReportItem]
    left_files: Sequence[str] = ()
    comments: Sequence[ReportItem] = ()
    keys: Sequence[ProposedKey] = ()

    def document(self) -> dict[str, Any]:
        """The report as a JSON document."""
        return {
            "models": [
                {
                    "id": model.id,
                    "path": model.path,
                    "from": model.name,
                    "table": model.table,
                    "kind": model.kind,
                    "file": model.span.path,
                    "line": model.span.line,
                }
                for model in self.models
            ],
            "left": list(map(_item, self.left)),
            "notes": list(map(_item, self.notes)),
            "left_files": list(self.left_files),
            "comments": list(map(_item, self.comments)),
            "keys": [{"model": key.model, "columns": list(key.columns), "rows": key.rows} for key in self.keys],
        }

    def markdown(self) -> str:
        """The text of ``IMPORT.md``."""
        parts = ["# Import\n", _summary(self) + "\n"]
        if self.models:
            rows = "".join(map(_row, self.models))
            parts.append(f"## Models\n\n| model | table | kind | was |\n|---|---|---|---|\n{rows}")
        if self.left:
            where = ", ".join(f"`{path}`" for path in self.left_files)
            parts.append(f"## Left\n\nNo model can say these. They are in {where or 'no file'}.\n\n" + _list(self.left))
        if self.notes:
            parts.append("## Notes\n\n" + _list(self.notes))
        if self.keys:
            lines = "".join(f"- `{key.model}`: `{key.argument}`, {key.reason}\n" for key in self.keys)
            parts.append(f"## Keys\n\nThe models may declare these keys.\n\n{lines}")
        if self.comments:
            lines = "".join(f"- {item.place}: {item.what}\n" for item in self.comments)
            parts.append(f"## Comments\n\nNo file of the project has these comments.\n\n{lines}")
        return "\n".join(parts)


def _row(model: ImportedModel) -> str:
    place = f"{model.span.path}:{model.span.line}"
    return f"| `{model.id}` | `{model.table}` | {model.kind} | `{model.name}`, {place} |\n"


def _summary(report: ImportReport) -> str:
    return f"{len(report.models)} models, {len(report.left)} definitions left, {len(report.notes)} notes."


def _item(item: ReportItem) -> dict[str, Any]:
    span = item.span
    return {
        "what": item.what,
        "file": None if span is None else span.path,
        "line": None if span is None else span.line,
        "reason": item.reason,
    }


def _list(items: Sequence[ReportItem]) -> str:
    return "".join(f"- {item.place + ': ' if item.place else ''}`{item.what}`: {item.reason}\n" for item in items)
