"""Analyses the code of a model: parses queries, traces functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from cbx.analysis.facts import UNKNOWN_TYPE, Table, TableColumn
from cbx.analysis.relation.hazards import Suspicion
from cbx.analysis.relation.places import Place, PythonCallSite, QuerySpan
from cbx.analysis.relation.query_mistakes import QueryMistake
from cbx.analysis.relation.relations import Relation
from cbx.analysis.tracing.requests import Frame, Function, MissingExtra, UndeclaredRead, Unknown
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.files.bounded_read import is_inside
from cbx.project.settings import Project
from cbx.stages.imports import import_lines
from cbx.stages.resolved_model import PythonCode, ResolvedModel, SqlCode
from cbx.syntax.text import PLACEHOLDER

if TYPE_CHECKING:
    from cbx.analysis.sql.scope import UndeclaredTable
    from cbx.analysis.tracing.client import Tracer

CACHE_FILE = ".cbx/cache/trace.json"


@dataclass(frozen=True, slots=True)
class UnknownReference:
    """A reference to a column or table that does not exist.

    Attributes:
        name: The reference as written.
        span: Its span; None if unknown.
        candidates: The names that exist in its scope.
        missing: The part of the reference that does not exist.
        is_table: Whether that part is the name of a table of the query.
    """

    name: str
    span: Span | None
    candidates: tuple[str, ...]
    missing: str
    is_table: bool = False


@dataclass(frozen=True, slots=True)
class ModelAnalysis:
    """The analysed code of a model.

    Attributes:
        relation: The relation that the code computes.
        unknown_columns: The references to columns and tables that do not exist.
        expressions: The spans of the expressions of the result columns, by their names in lower case.
        reads: What a function reads besides its inputs.
        undeclared_tables: The tables that a query reads by name, with their spans.
        mistakes: Other mistakes, which fail in every run.
        suspicions: The hazards, and what may be one.
    """

    relation: Relation
    unknown_columns: tuple[UnknownReference, ...]
    expressions: Mapping[str, Span | None]
    reads: tuple[UndeclaredRead, ...] = ()
    undeclared_tables: tuple[tuple[UndeclaredTable, Span], ...] = ()
    mistakes: tuple[QueryMistake, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()


_SHAPING = frozenset({"inputs", "columns", "sequence_by", "scd_type", "except_columns"})
"""The arguments that decide which columns a table has: if one could not be read, the model is not analysed."""


class ModelAnalyser:
    """Analyses models one after the other; a context manager, which stops the tracer's process.

    Example:
        >>> with ModelAnalyser(project) as analyser:
        ...     analysis = analyser.read(model, lambda: tables)
    """

    def __init__(self, project: Project) -> None:
        """Prepare; the tracer starts when the first function is traced."""
        self._settings = project.settings.compile
        file = project.root / CACHE_FILE
        self._cache_file = file if is_inside(project.root, file.parent) else None
        self._tracer: Tracer | None = None

    def __enter__(self) -> ModelAnalyser:  # noqa: PYI034 - `typing.Self` came with Python 3.11
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._tracer is not None:
            self._tracer.close()

    def read(
        self, model: ResolvedModel, tables: Callable[[], tuple[Table, ...]]
    ) -> ModelAnalysis | Unknown | MissingExtra | None:
        """What a model's code does.

        Args:
            model: The model.
            tables: Returns what is known of its inputs, in their order.

        Returns:
            What it does; why that is not known; or None where functions are not traced, or the
            declaration is not known well enough.
        """
        if model.unread & _SHAPING:
            return None
        if isinstance(model.code, SqlCode):
            return _read_query(model.code, tables())
        return self._trace(model, model.code, tables()) if self._settings.trace else None

    def _trace(
        self, model: ResolvedModel, code: PythonCode, tables: tuple[Table, ...]
    ) -> ModelAnalysis | Unknown | MissingExtra:
        from cbx.analysis.tracing.client import Tracer
        from cbx.analysis.tracing.from_plan import read_plan

        named = {source.parameter or "": table for source, table in zip(model.inputs, tables, strict=True)}
        self._tracer = self._tracer or Tracer(self._cache_file)
        outcome = self._tracer.trace(_function_to_trace(model.id, code, named))
        if isinstance(outcome, (Unknown, MissingExtra)):
            return outcome
        plan = read_plan(outcome, named)
        unknown = tuple(
            UnknownReference(unknown.name, span_of(model, unknown.place), unknown.candidates, unknown.name)
            for unknown in plan.unknown_columns
        )
        spans = {name: span_of(model, site) for name, site in plan.expressions.items()}
        return ModelAnalysis(
            plan.relation, unknown, spans, outcome.reads, mistakes=plan.mistakes, suspicions=plan.suspicions
        )


def span_of(model: ResolvedModel, place: Place) -> Span | None:
    """The span of a place in a model's code; None if unknown."""
    if isinstance(place, QuerySpan) and isinstance(model.code, SqlCode) and model.code.spans is not None:
        return model.code.spans.span(place.start, place.end)
    if isinstance(place, PythonCallSite) and isinstance(model.code, PythonCode):
        for snippet in (model.code.source, *model.code.definitions):
            if snippet.path == place.file and 0 <= place.line - snippet.line <= snippet.text.count("\n"):
                return SourceFile(snippet.path, "\n" * (snippet.line - 1) + snippet.text).whole_line(place.line)
    return None


def _read_query(code: SqlCode, tables: tuple[Table, ...]) -> ModelAnalysis | None:
    from cbx.analysis.from_sql import read_query

    if code.spans is None:
        return None
    named = {f"{PLACEHOLDER}input_{number}": table for number, table in enumerate(tables)}
    query = read_query(code.query.placeholder(), named)
    unknown = tuple(
        UnknownReference(
            unknown.name,
            code.spans.span(unknown.start, unknown.end),
            unknown.candidates,
            unknown.missing,
            unknown.is_table,
        )
        for unknown in query.unknown_columns
        if not unknown.name.startswith(PLACEHOLDER)
    )
    spans = {name: code.spans.span(query_span.start, query_span.end) for name, query_span in query.expressions.items()}
    undeclared = tuple((table, code.spans.span(table.span.start, table.span.end)) for table in query.undeclared_tables)
    return ModelAnalysis(
        query.relation,
        unknown,
        spans,
        undeclared_tables=undeclared,
        mistakes=query.mistakes,
        suspicions=query.suspicions,
    )


def _function_to_trace(model: str, code: PythonCode, tables: Mapping[str, Table]) -> Function:
    inputs = tuple(
        Frame(parameter, table.name, _drop_unknown_types(table.columns)) for parameter, table in tables.items()
    )
    return Function(model, code.function, import_lines(code.imports), code.definitions, code.source, inputs)


def _drop_unknown_types(columns: tuple[TableColumn, ...] | None) -> tuple[TableColumn, ...] | None:
    """Columns for the tracer: those with a doubtful type have none."""
    if columns is None:
        return None
    return tuple(column._replace(type=None) if column.type == UNKNOWN_TYPE else column for column in columns)
