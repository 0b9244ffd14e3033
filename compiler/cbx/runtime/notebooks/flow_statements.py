"""Statements and clauses that define flows: CREATE FLOW, APPLY CHANGES INTO, and FLOW in CREATE STREAMING TABLE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.diagnostics.codes import INVALID_STATEMENT
from cbx.runtime.api.argument_values import dataset_name
from cbx.runtime.definitions import AppendFlow, Dataset, ReplaceFlow
from cbx.runtime.errors import RunError
from cbx.runtime.notebooks.change_clauses import ChangeSource, read_changes, read_source
from cbx.runtime.notebooks.replace_clauses import Replacement, read_replacement
from cbx.runtime.notebooks.statement import QUERY_WORDS
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from cbx.runtime.names import DatasetName
    from cbx.runtime.notebooks.statement import SqlStatement
    from cbx.runtime.sql.tokens import Words


def create_flow(statement: SqlStatement) -> None:
    """The rest of ``CREATE FLOW``.

    Raises:
        RunError: At a word that is not expected.
    """
    words = statement.words
    name = words.identifier("the name of the flow")
    if words.takes("COMMENT"):
        words.text("the comment as a text in quotes")
    words.wants("AS")
    if words.takes("INSERT"):
        _insert(statement, name)
        return
    if not words.takes("AUTO"):
        raise words.error("INSERT INTO or AUTO CDC INTO", ("INSERT", "AUTO"))
    words.wants("CDC")
    is_once = words.takes("ONCE")
    words.wants("INTO")
    apply_changes(statement, name, is_once=is_once)


def apply_changes(statement: SqlStatement, name: str | None = None, *, is_once: bool = False) -> None:
    """The target, the source and the clauses of changes.

    Args:
        statement: The statement.
        name: The name of the flow; None for that of the target.
        is_once: Whether the changes are read once.

    Raises:
        RunError: At a word that is not expected.
    """
    target = statement.name("the name of the target")
    _add_changes(statement, target, name, is_once=is_once)


def define_inline_flow(statement: SqlStatement, target: DatasetName) -> None:
    """The rest of ``FLOW`` in a CREATE statement.

    Raises:
        RunError: At a word that is not expected.
    """
    words = statement.words
    if words.takes("REPLACE"):
        replacement = read_replacement(words, ("BY", *QUERY_WORDS))
        _takes_by_name(words)
        _replace(statement, target, target.written, replacement)
        return
    if not words.takes("AUTO"):
        raise words.error("AUTO CDC or REPLACE", ("AUTO", "REPLACE"))
    words.wants("CDC")
    _add_changes(statement, target, None, is_once=False)


def _insert(statement: SqlStatement, name: str) -> None:
    """The rest of ``INSERT INTO``: the rows are appended, or replace others."""
    words = statement.words
    is_once = words.takes("ONCE")
    words.wants("INTO")
    is_once = words.takes("ONCE") or is_once
    target = statement.name()
    is_by_name = _takes_by_name(words)
    if not words.takes("REPLACE"):
        query = statement.query(() if is_by_name else ("BY NAME", "REPLACE"))
        statement.registry.add_flow(AppendFlow(target, name, query, is_once, span=statement.span))
        return
    if is_once:
        words.next -= 1
        raise RunError(INVALID_STATEMENT, "a flow is ONCE or replaces rows, not both", span=words.span)
    replacement = read_replacement(words, ("BY", *QUERY_WORDS))
    _takes_by_name(words)
    _replace(statement, target, name, replacement)


def _takes_by_name(words: Words) -> bool:
    is_next = words.takes("BY")
    if is_next:
        words.wants("NAME")
    return is_next


def _replace(statement: SqlStatement, target: DatasetName, name: str, replacement: Replacement) -> None:
    facts = (replacement.using, replacement.sequence_by, replacement.where)
    statement.registry.add_flow(ReplaceFlow(target, name, statement.query(), *facts, span=statement.span))


def _add_changes(statement: SqlStatement, target: DatasetName, name: str | None, *, is_once: bool) -> None:
    """A flow of changes; a source that is not a table becomes a view."""
    source = read_source(statement.words)
    if statement.schema is not None and source.table is not None:
        source = ChangeSource(None, f"STREAM({source.table})")  # whether it is a view is known when all files are read
    written = source.table or quote(f"source of {name or target.written}")
    span, registry = statement.span, statement.registry
    flow = read_changes(statement.words, target, dataset_name(written, span), name, span, is_once=is_once)
    if source.table is None:
        query = statement.query_of(f"FROM {source.relation}")
        registry.add_dataset(Dataset(flow.source, "view", query, private=True, span=span))
    registry.add_flow(flow)
