"""Checks that data tests fit their models, and decides those of seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Report, did_you_mean, listing
from cbx.diagnostics.source_files import Span
from cbx.parse.databricks_sql.types import is_number, normal_type
from cbx.parse.seeds.seed_values import is_seed_type, read_seed_value
from cbx.passes.facts.seed_facts import accepted_identities
from cbx.spark_spelling import value_text
from cbx.stages.data_tests import AcceptedValues, DataTest, FewNulls, Freshness, NoRows, RowCount, TestValue
from cbx.stages.inputs import TableInput
from cbx.stages.resolved import Connected
from cbx.stages.resolved_model import Column, ResolvedModel
from cbx.stages.seeds import Seed
from cbx.syntax.text import Text, text_in_words

_TIMES = ("DATE", "TIMESTAMP", "TIMESTAMP_NTZ")


def check_tests(connected: Connected, report: Report) -> None:
    """Report tests that cannot be run, and tests of seeds that fail.

    Before: ``accepted_values("status", [1, 2])`` of a column of texts. After: CBX360 at the values. CBX260 for tests
    that no table can pass or that read what has no table, CBX361 for a test that the rows of a seed fail, CBX405 for a
    column that the model does not have.
    """
    for model in connected.models.values():
        if not model.tests:
            continue
        if model.kind == "view" and model.is_streaming:
            message = f"`{model.id}` is a view of a stream, which a test cannot read"
            report.add(codes.INVALID_TEST, message, model.tests[0].span, hint="test a table that reads it")
            continue
        known = connected.columns[model.id]
        columns = {column.name.lower(): column for column in known} if known is not None else None
        _check_names(model, report)
        for test in model.tests:
            _check_test(model, test, columns, connected, report)


def _check_names(model: ResolvedModel, report: Report) -> None:
    names: set[str] = set()
    for test in model.tests:
        name = test.rule.name if isinstance(test.rule, NoRows) else None
        if name is not None and name.lower() in names:
            message = f"`{model.id}` has two tests named `{name}`"
            report.add(codes.INVALID_TEST, message, test.span, hint="use different names")
        names |= {name.lower()} if name is not None else set()


def _check_test(
    model: ResolvedModel, test: DataTest, columns: Mapping[str, Column] | None, connected: Connected, report: Report
) -> None:
    rule, reported = test.rule, len(report)
    if isinstance(rule, NoRows):
        _check_tables(model, rule, connected, report)
    elif isinstance(rule, RowCount):
        _check_bounds(rule, test.span, report)
    elif isinstance(rule, Freshness) and rule.source is not None:
        _check_source(model, rule.source, test.span, report)
    elif columns is not None and test.column is not None:
        _check_column(model, test, test.column, columns, report)
    if model.seed is not None and len(report) == reported:
        _decide_test(model, model.seed, test, report)


def _check_tables(model: ResolvedModel, rule: NoRows, connected: Connected, report: Report) -> None:
    """Check that a query reads only models that can be read in batch."""
    for name, span in rule.reads:
        other = connected.models.get(name) if isinstance(name, str) else None
        if (
            other is None
            or (other.is_table and other.kind != "flow")
            or (other.kind == "view" and not other.is_streaming)
        ):
            continue
        what = "a view of a stream" if other.kind == "view" else f"a {other.kind}, which has no table"
        message = f"a test of `{model.id}` reads `{other.id}`, {what}"
        report.add(codes.INVALID_TEST, message, span, hint="read a table with `ref`")


def _check_bounds(rule: RowCount, span: Span, report: Report) -> None:
    if rule.at_least is None and rule.at_most is None:
        message, hint = "`row_count` needs `at_least` or `at_most`", "write `row_count(at_least=1)`"
        report.add(codes.INVALID_TEST, message, span, hint=hint)
    elif rule.at_least is not None and rule.at_most is not None and rule.at_least > rule.at_most:
        message = f"no table has at least {rule.at_least} and at most {rule.at_most} rows"
        report.add(codes.INVALID_TEST, message, span, hint="exchange the two numbers")


def _check_source(model: ResolvedModel, source: Text, span: Span, report: Report) -> None:
    tables = [text_in_words(table.table) for table in model.inputs if isinstance(table, TableInput)]
    name = text_in_words(source)
    if name not in tables and "inputs" not in model.unread:
        message = f"`{model.id}` does not read the source `{name}`"
        otherwise = f"its sources are {listing(tables)}" if tables else "it has no `source`"
        report.add(codes.INVALID_TEST, message, span, hint=did_you_mean(name, tables, otherwise))


def _check_column(
    model: ResolvedModel, test: DataTest, name: str, columns: Mapping[str, Column], report: Report
) -> None:
    column = columns.get(name.lower())
    if column is None:
        message = f"`{test.word}` of `{model.id}` tests `{name}`, which is not one of its columns"
        choices = [known.name for known in columns.values()]
        hint = did_you_mean(name, choices, f"its columns are {listing(choices)}")
        causes = [Cause(model.path, f"column {name.lower()}")]
        span = test.column_span
        report.add(codes.UNKNOWN_COLUMN, message, span, label="not a column", hint=hint, causes=causes)
        return
    kind = normal_type(column.type) or ""
    if isinstance(test.rule, Freshness) and kind and kind not in _TIMES:
        message = f"`{model.id}.{column.name}` is {kind}, and `freshness` needs a time or a date"
        report.add(codes.TEST_TYPE_MISMATCH, message, test.column_span, hint="test a column of the type TIMESTAMP")
    elif isinstance(test.rule, AcceptedValues) and kind:
        _check_values(model, column, kind, test.rule, test.span, report)


def _check_values(
    model: ResolvedModel, column: Column, kind: str, rule: AcceptedValues, span: Span, report: Report
) -> None:
    wrong = [value for value in rule.values if not _fits(value, kind)]
    if wrong:
        message = f"`{model.id}.{column.name}` is {kind}, and {wrong[0]!r} is not such a value"
        hint = "write texts in quotes, and numbers and booleans without"
        if kind == "FLOAT" and isinstance(wrong[0], float):
            hint = "no FLOAT is equal to this DOUBLE: make the column a DOUBLE or a DECIMAL"
        report.add(codes.TEST_TYPE_MISMATCH, message, span, hint=hint)


def _fits(value: TestValue, kind: str) -> bool:
    """Whether a value of a declaration can be a value of a type."""
    if kind in _TIMES:
        return isinstance(value, str)
    if not is_seed_type(kind):
        return False
    wanted = bool if kind == "BOOLEAN" else (int, float) if is_number(kind) else str
    is_kind = isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
    read = read_seed_value(value_text(value), kind) if is_kind else None
    return read is not None and (kind != "FLOAT" or read.identity == value)


def _decide_test(model: ResolvedModel, seed: Seed, test: DataTest, report: Report) -> None:
    """Report CBX361 if the rows of a seed fail a test; what they do not decide is left to the data."""
    values: Sequence[object] = seed.values.get((test.column or "").lower(), ())
    failing: list[int] = []
    match test.rule:
        case AcceptedValues(column=column) as rule:
            accepted = accepted_identities(rule, model)
            known = None if accepted is None else {None, *accepted}
            failing = [row for row, value in enumerate(values) if known is not None and value not in known]
            reason = f"`{column}` has another value"
        case FewNulls(column=column, at_least=share):
            empty = [row for row, value in enumerate(values) if value is None]
            failing = empty if len(values) - len(empty) < Decimal(share) * len(values) else []
            reason = f"`{column}` has no value"
        case RowCount(at_least=least, at_most=most):
            if (least or 0) <= seed.row_count <= (seed.row_count if most is None else most):
                return
            message = f"`{model.id}` has {seed.row_count} rows, and its test `row_count` allows another number"
            report.add(codes.FAILING_TEST, message, test.span, hint="change the rows, or the test")
            return
        case _:
            return
    if failing:
        _report_failing_rows(seed, test, failing, reason, report)


def _report_failing_rows(seed: Seed, test: DataTest, rows: Sequence[int], reason: str, report: Report) -> None:
    lines = [str(seed.lines[row]) for row in rows]
    shown = ", ".join(lines[:3]) + (f" and {len(lines) - 3} more" if len(lines) > 3 else "")
    place = f"line{'s' if len(lines) > 1 else ''} {shown}"
    message = f"the rows of `{seed.path}` fail the test `{test.word}`: {reason} in {place}"
    report.add(codes.FAILING_TEST, message, test.span, hint="change the rows, or the test")
