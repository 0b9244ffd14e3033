"""Resolves data tests: renders their texts, and reads their times and queries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from cbx.declare.documents import DatasetDocument, ModelInputDocument, TableInputDocument
from cbx.declare.rare_documents import (
    AcceptedValuesDocument,
    AnyDataTest,
    FreshnessDocument,
    NoRowsDocument,
    NotNullDocument,
    RowCountDocument,
)
from cbx.declare.read_document import read_document
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import Span
from cbx.parse.jinja.rendered_marks import RenderedTemplate
from cbx.parse.queries import parse_query
from cbx.passes.resolution.declaration_texts import DeclarationTexts
from cbx.project.identifiers import BETWEEN
from cbx.stages.data_tests import AcceptedValues, DataTest, FewNulls, Freshness, NoRows, RowCount, Rule
from cbx.syntax.declarations import Call
from cbx.syntax.text import Text

_TIME = re.compile(r"([1-9][0-9]{0,5}) *(second|minute|hour|day|week)s?", re.IGNORECASE)
_BATCH = ("ref", "source")
_THIS = re.compile(r"\{[{%].*?\bthis\b", re.DOTALL)


def resolve_tests(document: DatasetDocument, texts: DeclarationTexts) -> tuple[DataTest, ...]:
    """The data tests of a model.

    Before: ``freshness("loaded_at", within="2 days")``. After: a `DataTest` with the rule `Freshness` of ``2 DAY``. A
    macro may render any text, such as the query of ``no_rows``. CBX260 for what is no time, and for streams.
    """
    tests = cast("tuple[tuple[str, AnyDataTest], ...]", document.tests)
    return tuple(test for number, (_, declared) in enumerate(tests) for test in _resolve(declared, number, texts))


def _resolve(declared: AnyDataTest, number: int, texts: DeclarationTexts) -> Iterator[DataTest]:
    """The test; none after a diagnostic."""
    reported = len(texts.report)
    rule = _resolve_rule(declared, number, texts)
    if rule is not None and len(texts.report) == reported:
        spans = texts.declaration.spans
        yield DataTest(rule, declared.enforce, spans.at("tests", number), spans.at("tests", number, "column"))


def _resolve_rule(declared: AnyDataTest, number: int, texts: DeclarationTexts) -> Rule | None:
    def render(template: str, argument: str | tuple[str | int, ...]) -> str:
        path = argument if isinstance(argument, tuple) else (argument,)
        return texts.render_constant(template, texts.declaration.spans.at("tests", number, *path))

    match declared:
        case AcceptedValuesDocument(column=column, values=values):
            rendered = [
                render(value, ("values", at)) if isinstance(value, str) else value for at, value in enumerate(values)
            ]
            return AcceptedValues(render(column, "column"), tuple(rendered))
        case NotNullDocument(column=column, at_least=at_least):
            return FewNulls(render(column, "column"), f"{at_least:.12f}".rstrip("0").rstrip("."))
        case RowCountDocument(at_least=least, at_most=most):
            return RowCount(least, most)
        case FreshnessDocument(column=column, within=within, source=source):
            span = texts.declaration.spans.at("tests", number, "source")
            table = texts.render_or_keep(source, span) if source is not None else None
            time = _read_time(render(within, "within"), texts.declaration.spans.at("tests", number, "within"), texts)
            return Freshness(render(column, "column"), time, table)
        case NoRowsDocument(sql=sql, name=name):
            return _resolve_query(
                sql, render(name, "name") if name else None, texts.declaration.spans.at("tests", number, "sql"), texts
            )


def _read_time(written: str, span: Span, texts: DeclarationTexts) -> str:
    match = _TIME.fullmatch(written.strip())
    if match is None:
        hint = 'write a number of seconds, minutes, hours, days or weeks: `within="36 hours"`'
        texts.report.add(codes.INVALID_TEST, f"`{written}` is not a time", span, hint=hint)
        return ""
    return f"{match[1]} {match[2].upper()}"


def _resolve_query(sql: str, name: str | None, span: Span, texts: DeclarationTexts) -> NoRows | None:
    rendered = texts.render_query(_define_this(sql, texts.declaration.id), span)
    if rendered is None or not _is_query(rendered, sql, span, texts):
        return None
    reads = [read for call in rendered.calls for read in _read_table(call, span, texts)]
    return NoRows(name, rendered.text, tuple(reads)) if len(reads) == len(rendered.calls) else None


def _define_this(sql: str, model: str) -> str:
    """The template of a query in which ``this`` is the table of a model, as in dbt."""
    return f"{{% set this = ref({model!r}) %}}{sql}" if _THIS.search(sql) is not None else sql


def _is_query(rendered: RenderedTemplate, sql: str, span: Span, texts: DeclarationTexts) -> bool:
    """Whether a rendered text is a query; else CBX101 at the whole text, whose parts have no spans of their own."""
    problems = Report()
    is_query = parse_query(rendered, problems, sql) is not None
    texts.report.extend(problem._replace(span=span) for problem in problems.sorted_diagnostics())
    return is_query


def _read_table(call: Call, span: Span, texts: DeclarationTexts) -> Iterator[tuple[str | Text, Span]]:
    """The table that a query reads; none after a diagnostic."""
    if call.function not in _BATCH:
        message, hint = f"a test cannot read `{call.function}`", "read a model with `ref`, or a table with `source`"
        texts.report.add(codes.INVALID_TEST, message, span, hint=hint)
        return
    read = read_document(call, texts.report)
    match read.document if read is not None else None:
        case ModelInputDocument(model=model) if BETWEEN in model:
            from cbx.passes.resolution.resolve_published import published_table

            yield published_table(texts, model, span), span
        case ModelInputDocument(model=model):
            yield model, span
        case TableInputDocument(table=table):
            yield texts.render_or_keep(table, span), span
