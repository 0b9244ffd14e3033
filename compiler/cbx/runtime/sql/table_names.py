"""Finds the tables that a SQL text reads, and renames them.

Only the names are replaced. The rest of the text is left to Spark's parser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from cbx.parse.databricks_sql.nesting import obstacle
from cbx.runtime.names import DatasetName, InvalidNameError
from cbx.runtime.sql.edits import Edit, apply_edits
from cbx.runtime.sql.watermarks import blank_watermarks, watermark_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STREAM = re.compile(r"\bSTREAM\s*(\(\s*)?", re.IGNORECASE)
_CLOSING = re.compile(r"\s*\)")


@dataclass(frozen=True, slots=True)
class TableRead:
    """A table name in a SQL text.

    Attributes:
        name: The table.
        is_stream: Whether it is in ``STREAM(...)``.
        start: The offset of the first character to replace, ``STREAM(`` included.
        end: The offset after the last one.
        has_alias: Whether it has an alias; if not, its columns may be written ``table.column``.
    """

    name: DatasetName
    is_stream: bool
    start: int
    end: int
    has_alias: bool


def rewrite_table_names(text: str, view_for: Callable[[DatasetName, bool], str | None]) -> str:
    """Replace table names in a text.

    Args:
        text: One SQL statement.
        view_for: The view to read instead of a table, which may be read as a stream; None to keep the table.

    Example:
        ``SELECT * FROM STREAM(silver.orders) JOIN ref USING (id)`` becomes
        ``SELECT * FROM view_1 AS orders JOIN ref USING (id)``.
    """
    edits: list[Edit] = []
    replaced = set()
    plain = blank_watermarks(text)
    tree = _parse(plain)
    reads = _reads_of_tree(plain, tree) if tree is not None else _reads_of_tokens(plain)
    for read in reads:
        view = view_for(read.name, read.is_stream)
        if view is not None:
            edits += _renaming(read, view, watermark_after(text, read.end))
            replaced.add(read.name.key)
    if tree is not None:
        edits += _shorter_columns(tree, replaced)
    return apply_edits(text, edits)


def _renaming(read: TableRead, view: str, watermark_end: int | None) -> list[Edit]:
    """The edits that rename a table; an alias stands after the watermark."""
    alias = "" if read.has_alias else f" AS `{read.name.written.split('.')[-1]}`"
    if watermark_end is None:
        return [(read.start, read.end, view + alias)]
    return [(read.start, read.end, view), (watermark_end, watermark_end, alias)]


def _parse(text: str) -> exp.Expr | None:
    if obstacle(text):
        return None
    try:
        return sqlglot.parse_one(text, dialect="databricks")
    except (SqlglotError, RecursionError):
        return None


def _reads_of_tree(text: str, tree: exp.Expr) -> Iterator[TableRead]:
    streams = _streams(text)
    for table in tree.find_all(exp.Table):
        parts = table.parts
        if not all(isinstance(part, exp.Identifier) and "start" in part.meta for part in parts):
            continue
        if len(parts) == 1 and _is_common_table(table):
            continue
        try:
            name = DatasetName.of([part.name for part in parts])
        except InvalidNameError:
            continue
        around = table.parent if isinstance(table.parent, exp.Subquery) else table
        has_alias = bool(table.alias or around.alias or table.args.get("sample"))
        start, end = parts[0].meta["start"], parts[-1].meta["end"] + 1
        yield _table_read(name, start, end, streams.get(start), has_alias=has_alias)


def _streams(text: str) -> dict[int, re.Match[str]]:
    """Each ``STREAM`` of a text, by the offset of what follows."""
    return {match.end(): match for match in _STREAM.finditer(text)}


def _table_read(name: DatasetName, start: int, end: int, before: re.Match[str] | None, *, has_alias: bool) -> TableRead:
    if before is None:
        return TableRead(name, is_stream=False, start=start, end=end, has_alias=has_alias)
    if before[1]:
        closing = _CLOSING.match(before.string, end)
        end = closing.end() if closing else end
    return TableRead(name, is_stream=True, start=before.start(), end=end, has_alias=has_alias)


def _is_common_table(table: exp.Table) -> bool:
    """Whether a one-part name is that of a visible ``WITH`` of the query."""
    node: exp.Expr = table
    while node.parent is not None:
        inside, node = node, node.parent
        if any(visible.alias.lower() == table.name.lower() for visible in _common_tables(node, inside)):
            return True
    return False


def _common_tables(node: exp.Expr, inside: exp.Expr) -> list[exp.Expr]:
    """The tables of a ``WITH`` that are visible from a part of a node: earlier ones only."""
    if isinstance(node, exp.With):
        place = next(index for index, table in enumerate(node.expressions) if table is inside)
        return node.expressions[: place + 1 if node.args.get("recursive") else place]
    names = node.args.get("with_")
    return names.expressions if names is not None and inside is not names else []


def _shorter_columns(tree: exp.Expr, replaced: set[str]) -> Iterator[Edit]:
    """Edits from ``schema.table.column`` to ``table.column``, since the table is now an alias."""
    for column in tree.find_all(exp.Column):
        parts = column.parts
        if len(parts) > 2 and all("start" in part.meta for part in parts):
            qualifier = DatasetName.of([part.name for part in parts[:-1]])
            if qualifier.key in replaced:
                yield parts[0].meta["start"], parts[-2].meta["start"], ""


def _reads_of_tokens(text: str) -> Iterator[TableRead]:
    """The dotted names that follow FROM or JOIN, for a text that sqlglot cannot parse."""
    try:
        tokens = sqlglot.tokenize(text, dialect="databricks")
    except SqlglotError:
        return
    words = (TokenType.VAR, TokenType.IDENTIFIER)
    streams = _streams(text)
    for index, token in enumerate(tokens):
        follows = index and (tokens[index - 1].token_type in (TokenType.FROM, TokenType.JOIN) or token.start in streams)
        if not follows or (token.token_type not in words and not token.text.isidentifier()):
            continue
        parts, last = [token.text], index
        while last + 2 < len(tokens) and tokens[last + 1].token_type == TokenType.DOT:
            last += 2
            parts.append(tokens[last].text)
        after = tokens[last + 1] if last + 1 < len(tokens) else None
        if len(parts) <= 3 and not (after and after.token_type == TokenType.L_PAREN):
            has_alias = after is not None and (after.token_type in (*words, TokenType.ALIAS))
            end = tokens[last].end + 1
            yield _table_read(DatasetName.of(parts), token.start, end, streams.get(token.start), has_alias=has_alias)


def is_expression(text: str) -> bool:
    """Whether a text is certainly one SQL expression without an alias."""
    tree = _parse(f"SELECT {text}")
    if not isinstance(tree, exp.Select) or len(tree.expressions) != 1:
        return False
    clauses = {name for name, value in tree.args.items() if value}
    return clauses == {"expressions"} and not isinstance(tree.expressions[0], (exp.Alias, exp.Aliases))
