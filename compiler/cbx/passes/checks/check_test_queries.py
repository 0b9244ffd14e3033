"""Checks the columns and tables that the queries of data tests read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Report, did_you_mean, listing
from cbx.passes.facts.table_facts import has_emitted_schema, table_facts
from cbx.stages.data_tests import DataTest, NoRows
from cbx.stages.resolved import Connected
from cbx.stages.resolved_model import ResolvedModel
from cbx.syntax.text import PLACEHOLDER, text_in_words

if TYPE_CHECKING:
    from cbx.analysis.facts import Table
    from cbx.analysis.sql.scope import UndeclaredTable


def check_test_queries(connected: Connected, report: Report) -> None:
    """Report CBX405 for a column that no table of a query has, and CBX206 for a table that it reads by its name.

    Before: ``no_rows("SELECT id FROM silver.orders")``. After: a diagnostic that suggests ``ref``. Nothing is checked
    after an error, since it may be the reason.
    """
    if report.has_errors or not connected.project.settings.compile.analysis:
        return
    for model in connected.models.values():
        for test in model.tests:
            if isinstance(test.rule, NoRows):
                _check_query(model, test, test.rule, connected, report)


def _check_query(model: ResolvedModel, test: DataTest, rule: NoRows, connected: Connected, report: Report) -> None:
    from cbx.analysis.from_sql import read_query

    query = read_query(rule.query.placeholder(), dict(_tables(rule, connected)))
    for unknown in query.unknown_columns:
        if unknown.name.startswith(PLACEHOLDER):
            continue
        message = f"the query of a test of `{model.id}` reads `{unknown.name}`, which none of its tables has"
        known = listing(sorted(set(unknown.candidates)))
        hint = did_you_mean(unknown.missing.lower(), unknown.candidates, f"known here: {known}" if known else None)
        causes = [Cause(name, f"column {unknown.missing.lower()}") for name in _paths(rule, connected)]
        report.add(codes.UNKNOWN_COLUMN, message, test.span, label="not a column", hint=hint, causes=causes)
    for table in query.undeclared_tables:
        shown = "a table whose name holds a variable" if PLACEHOLDER in table.name else f"the table `{table.name}`"
        message = f"the query of a test of `{model.id}` reads {shown} by its name"
        hint = did_you_mean(table.name, table.queries) or _suggest_call(table, model, connected)
        report.add(codes.HIDDEN_INPUT, message, test.span, label="hidden input", hint=hint)


def _suggest_call(table: UndeclaredTable, tested: ResolvedModel, connected: Connected) -> str:
    wanted = {table.name.lower()}
    if wanted & {tested.id.lower(), tested.dataset.lower()}:
        return "write `{{ this }}`"
    models = connected.models.values()
    read = next((model.id for model in models if wanted & {model.id.lower(), model.dataset.lower()}), None)
    word, name = ("ref", read) if read is not None else ("source", table.name)
    return f"write `{{{{ {word}('{'...' if PLACEHOLDER in name else name}') }}}}`"


def _tables(rule: NoRows, connected: Connected) -> Iterator[tuple[str, Table]]:
    """What is known of the tables that a query reads, by the names that stand for them."""
    from cbx.analysis.facts import Table

    for number, (table, _) in enumerate(rule.reads):
        read = connected.models.get(table) if isinstance(table, str) else None
        name = table if isinstance(table, str) else text_in_words(table)
        facts = Table(name) if read is None else _facts(read, connected)
        yield f"{PLACEHOLDER}input_{number}", facts


def _facts(read: ResolvedModel, connected: Connected) -> Table:
    is_partly_declared = read.id in connected.partly_declared
    has_schema = has_emitted_schema(read, connected.project, is_partly_declared=is_partly_declared)
    columns, keys = connected.columns[read.id], connected.proven_keys[read.id]
    return table_facts(read, columns, keys, is_streaming=False, has_schema=has_schema)


def _paths(rule: NoRows, connected: Connected) -> list[str]:
    return [connected.models[name].path for name in rule.models if name in connected.models]
