"""The notebooks of data tests."""

from __future__ import annotations

from typing import Any, NamedTuple

from cbx.emit.literals import block_literal, string_literal, text_literal
from cbx.emit.notebooks.cells import comment_lines
from cbx.emit.notebooks.checks import CURRENT, check_notebook, say_generated
from cbx.project.settings import Project
from cbx.spark_spelling import quote_if_needed, quote_text
from cbx.stages.data_tests import AcceptedValues, FewNulls, Freshness, NoRows, RowCount, TestValue
from cbx.stages.plan import Artifact, DataTestCheck
from cbx.syntax.text import Text, text_in_words
from cbx.target.layout import TARGET


class _Body(NamedTuple):
    """What is expected in words, the condition on the rows of the check, and how they are computed from the table."""

    expected: str
    condition: str
    steps: list[str]


def emit_data_test(check: DataTestCheck, project: Project) -> Artifact:
    """The check of a data test: a table that is computed from the tested one, with the test as its expectation."""
    body = _body(check)
    origin = f"from a data test of `{check.model}`"
    title = [check.name, *comment_lines(f"{body.expected}."), "", f"{say_generated(project, origin)}"]
    steps, cells = body.steps, []
    if check.query is None:
        current = [CURRENT] if check.current_only else []
        steps = [f"spark.read.table({text_literal(check.table, project.name)})", *current, *steps]
    else:
        cells = [f"QUERY = {block_literal(check.query, project.name)}"]
    rule = (check.test.word, body.condition, check.test.enforce)
    text = check_notebook(project, title, check.name, body.expected, rule, steps, cells=cells)
    return Artifact(check.artifact, text)


def _body(check: DataTestCheck) -> _Body:
    table, rows = text_in_words(check.table), 'F.count("*").alias("num_rows")'
    match check.test.rule:
        case AcceptedValues(column=column, values=values):
            name = quote_if_needed(column)
            listed = ", ".join(map(_value_in_sql, values))
            steps = [f".groupBy({string_literal(name)})", f".agg({rows})"]
            return _Body(
                f"{column} of {table} has accepted values only", f"{name} IS NULL OR {name} IN ({listed})", steps
            )
        case FewNulls(column=column, at_least=share):
            counted = f'F.count({string_literal(quote_if_needed(column))}).alias("num_not_null")'
            wanted = "num_not_null = num_rows" if share == "1" else f"num_not_null >= {share} * num_rows"
            rate = "Each row" if share == "1" else f"A share of {share} of the rows"
            return _Body(f"{rate} of {table} has a value in {column}", wanted, [f".agg({rows}, {counted})"])
        case RowCount(at_least=least, at_most=most):
            bounds = [f"num_rows {sign} {limit}" for sign, limit in ((">=", least), ("<=", most)) if limit is not None]
            limits = [
                f"{words} {limit}" for words, limit in (("at least", least), ("at most", most)) if limit is not None
            ]
            return _Body(f"{table} has {' and '.join(limits)} rows", " AND ".join(bounds), [f".agg({rows})"])
        case Freshness(column=column, within=within):
            latest = f'F.max({string_literal(quote_if_needed(column))}).alias("latest")'
            now = 'F.current_timestamp().alias("checked_at")'
            expected = f"The newest {column} of {table} is at most {_time_in_words(within)} old"
            return _Body(expected, f"latest >= checked_at - INTERVAL {within}", [f".agg({latest}, {now})"])
        case NoRows():
            return _Body(f"The query of {check.name} returns no rows", "false", ["spark.sql(QUERY)"])


def _time_in_words(within: str) -> str:
    number, unit = within.lower().split()
    return f"{number} {unit}{'s' if number != '1' else ''}"


def data_test_entry(check: DataTestCheck) -> dict[str, Any]:
    """A data test in the entry of its model in the manifest."""
    verdict = "proven" if check.is_proven else "unproven"
    entry = {"name": check.name, "test": check.test.word, **_arguments(check)}
    return {**entry, "on_violation": check.test.enforce, "verdict": verdict}


def data_test_check_entry(check: DataTestCheck) -> dict[str, Any]:
    """The check of a data test in the manifest."""
    test = {"name": check.name, "model": check.model, "test": check.test.word}
    return {**test, "on_violation": check.test.enforce, "artifact": f"{TARGET}/{check.artifact}"}


def _arguments(check: DataTestCheck) -> dict[str, Any]:
    match check.test.rule:
        case AcceptedValues(column=column, values=values):
            return {"column": column, "values": list(values)}
        case FewNulls(column=column, at_least=share):
            return {"column": column, "at_least": float(share)}
        case RowCount(at_least=least, at_most=most):
            return {"at_least": least, "at_most": most}
        case Freshness(column=column, within=within, source=source):
            table = {} if source is None else {"source": text_in_words(source)}
            return {"column": column, "within": _time_in_words(within), **table}
        case NoRows(models=models):
            return {"query": text_in_words(check.query or Text.of("")), "models": list(models)}


def _value_in_sql(value: TestValue) -> str:
    return quote_text(value) if isinstance(value, str) else str(value).lower()
