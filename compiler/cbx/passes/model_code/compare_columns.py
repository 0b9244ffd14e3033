"""Compares the declared columns of a model with those that its code produces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Related, Report, did_you_mean
from cbx.diagnostics.source_files import Span
from cbx.parse.databricks_sql.types import is_same_type
from cbx.parse.queries import begins_with_from
from cbx.passes.facts.relationship_facts import type_cause
from cbx.stages.resolved_model import Column, PythonCode, ResolvedModel, SqlCode

CODE_WORDS: dict[type, str] = {SqlCode: "query", PythonCode: "function"}


def compare_columns(
    model: ResolvedModel,
    declared: tuple[Column, ...],
    produced: tuple[Column, ...],
    expressions: Mapping[str, Span | None],
    paths: Sequence[str],
    report: Report,
) -> tuple[Column, ...]:
    """Report where the declared columns and those of the query or function differ.

    Args:
        model: The model.
        declared: Its declared columns.
        produced: The columns that its code produces.
        expressions: Where it computes them, by their names in lower case.
        paths: The files of the models that it reads.
        report: Where CBX310, CBX311 and CBX312 go.

    Returns:
        The produced columns that are not declared, if a declared column is not produced: it may be one of these, and
        then nothing that depends on the declared columns is reported.
    """
    comparison = _comparison(model, declared, produced, expressions, report)
    by_name = {column.name.lower(): column for column in produced}
    meant: set[str] = set()
    for column in declared:
        match = by_name.get(column.name.lower())
        if match is not None:
            _compare_types(comparison, column, match)
        elif comparison.missing:
            meant |= _report_missing(comparison, column, paths)
    _report_undeclared(comparison, meant)
    return comparison.undeclared if comparison.missing else ()


def are_named(columns: tuple[Column, ...] | None) -> bool:
    """Whether the names of all columns are known, including those that Spark generates."""
    return columns is not None and all(column.name for column in columns)


def undeclared_columns(
    model: ResolvedModel, declared: tuple[Column, ...], produced: tuple[Column, ...]
) -> tuple[Column, ...]:
    """The produced columns that the table has although they are not declared; AUTO CDC may leave some out."""
    if "except_columns" in model.unread:
        return ()
    left_out = model.cdc.except_columns if model.cdc is not None else ()
    names = {name.lower() for name in (*(column.name for column in declared), *left_out)}
    return tuple(column for column in produced if column.name.lower() not in names)


class _Comparison(NamedTuple):
    """The declared and the produced columns of a model.

    Attributes:
        model: The model.
        missing: The declared columns that its code does not produce, in lower case; none if names are not known.
        undeclared: The produced columns that are not declared.
        shared: Causes that all differences may have: no SELECT, or a renamed column.
        expressions: Where the code computes columns, by their names in lower case.
        report: Where problems go.
    """

    model: ResolvedModel
    missing: frozenset[str]
    undeclared: tuple[Column, ...]
    shared: tuple[Cause, ...]
    expressions: Mapping[str, Span | None]
    report: Report

    @property
    def code(self) -> str:
        return CODE_WORDS[type(self.model.code)]

    @property
    def lacks_select(self) -> bool:
        return Cause(self.model.path, _NO_SELECT) in self.shared

    def related_expression(self, name: str) -> list[Related]:
        span = self.expressions.get(name.lower())
        return [Related("computed here", span)] if span is not None else []


_NO_SELECT = "no SELECT"


def _comparison(
    model: ResolvedModel,
    declared: tuple[Column, ...],
    produced: tuple[Column, ...],
    expressions: Mapping[str, Span | None],
    report: Report,
) -> _Comparison:
    names = {column.name.lower() for column in declared}
    absent = names - {column.name.lower() for column in produced}
    undeclared = undeclared_columns(model, declared, produced)
    extra = {column.name.lower() for column in undeclared}
    is_named, code = are_named(produced), model.code
    shared: tuple[Cause, ...] = ()
    if extra and isinstance(code, SqlCode) and begins_with_from(code.query.placeholder()):
        shared = (Cause(model.path, _NO_SELECT),)
    elif is_named and len(extra) == len(absent) == 1:
        shared = (Cause(model.path, "column renamed"),)
    return _Comparison(model, frozenset(absent if is_named else ()), undeclared, shared, expressions, report)


def _report_missing(comparison: _Comparison, column: Column, paths: Sequence[str]) -> set[str]:
    """Report a declared column that is not produced; the produced ones, in lower case, that it may be."""
    model, code = comparison.model, comparison.code
    near = [produced.name for produced in comparison.undeclared]
    hint = did_you_mean(column.name, near)
    meant = {name.lower() for name in near if hint is not None and f"`{name}`" in hint}
    if hint is None:
        no_select = "write a SELECT: without it all columns are selected"
        hint = no_select if comparison.lacks_select else "select it, or remove it"
    message = f"`{model.id}` declares the column `{column.name}`, which its {code} does not produce"
    causes = [*(Cause(path, f"column {column.name.lower()}") for path in paths), *comparison.shared]
    span = model.spans.at("columns", column.name, "key")
    comparison.report.add(codes.MISSING_COLUMN, message, span, label="not produced", hint=hint, causes=causes)
    return meant


def _compare_types(comparison: _Comparison, declared: Column, produced: Column) -> None:
    """Report another type than the declared one, unless it comes from a column that is missing under its name."""
    model, actual = comparison.model, produced.type
    if not actual or not declared.type or is_same_type(actual, declared.type):
        return
    if comparison.missing & {origin.lower() for _, origin in produced.lineage or ()}:
        return
    code = comparison.code
    message = f"`{declared.name}` of `{model.id}` is declared as {declared.type}, but its {code} produces {actual}"
    typed = [(model.id, declared.name), *(produced.lineage or ())]
    comparison.report.add(
        codes.COLUMN_TYPE_MISMATCH,
        message,
        model.spans.at("columns", declared.name, "type"),
        label="types differ",
        hint=f"cast it in the {code}, or declare {actual}",
        related=comparison.related_expression(declared.name),
        causes=[type_cause(table, name) for table, name in typed],
    )


def _report_undeclared(comparison: _Comparison, meant: set[str]) -> None:
    """Report the produced columns that are not declared, but for those that a declared one may be."""
    model, code = comparison.model, comparison.code
    way_out = f"remove it from the {code}" if model.kind != "auto_cdc" else "leave it out with `except_columns`"
    for column in comparison.undeclared:
        if not column.name or column.name.lower() in meant:
            continue
        comparison.report.add(
            codes.UNDECLARED_COLUMN,
            f"the {code} of `{model.id}` produces the column `{column.name}`, which is not declared",
            model.spans.at("columns"),
            label="incomplete",
            hint=f"declare it, or {way_out}: a table has exactly the declared columns",
            related=comparison.related_expression(column.name),
            causes=[
                Cause(model.path, f"column {column.name.lower()}"),
                Cause(model.path, "undeclared columns"),
                *comparison.shared,
            ],
        )
