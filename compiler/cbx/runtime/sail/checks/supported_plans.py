"""Which plans Sail runs as Spark does: lists of relations, expressions and functions. Spark runs the rest.

`tests/runtime/test_functions_on_sail.py` compares the functions on both engines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import sqlglot
from sqlglot.errors import SqlglotError

from cbx.parse.databricks_sql.dialect import DIALECT
from cbx.runtime.landing_files.rows import METADATA
from cbx.runtime.sail.checks.supported_functions import AGGREGATES, FUNCTIONS, words
from cbx.runtime.sail.functions.own_functions import OWN
from cbx.runtime.sail.messages import inner_messages
from cbx.runtime.sail.refusals import NotOnSailError

if TYPE_CHECKING:
    from google.protobuf.message import Message  # type: ignore[import-untyped]

_OF_ROWS: Final = words("""
    read project filter join sql local_relation subquery_alias to_df with_columns
    with_columns_renamed drop hint range with_relations
""")
"""The relations that a stream may have: each row gives its rows, whatever other rows there are."""
_OF_TABLES: Final = _OF_ROWS | words("""
    set_op sort aggregate deduplicate
""")
_EXPRESSIONS: Final = words("""
    literal unresolved_attribute unresolved_function expression_string unresolved_star alias cast
    sort_order window lambda_function unresolved_extract_value update_fields
    unresolved_named_lambda_variable call_function common_inline_user_defined_function
""")
_OPERATORS: Final = words("""
    == != < <= > >= + - * / % and or not ! <=> isnull isnotnull in when between negative
""")
_NOT_CALLED: Final = words("""
    all and any array as asc between by case cast cross desc distinct else end except exists explode
    filter from full group having if in inner insert intersect is join lateral left like limit map
    not null on or order outer over partition qualify right row rows select semi anti set struct
    then try_cast union unnest using values view when where with within decimal numeric varchar char
""")
"""Words before an opening bracket that call no function."""
_REFUSED_WORDS: Final = words("""
    pivot unpivot tablesample interval collate rlike ilike similar recursive cube rollup grouping
    limit offset div
""")
_LIMITS: Final = words("limit offset")
_LITERALS: Final = frozenset({"STRING", "NUMBER"})
_AFTER_COLUMNS: Final = words(", ) as from = < > <> != + - * / is in between")
"""What follows a column with the name of a clause, and never the word of that clause."""
_PARTS_OF_TEXTS: Final = words("substr substring")
_OTHER_IN_WINDOWS: Final = words("sum avg mean")
"""Aggregates whose types over a window are others than Spark's."""
_OF_SEVERAL_ROWS: Final = words("""
    group distinct having order sort over union intersect except
""")


def check_plan(plan: Message, *, is_stream: bool) -> None:
    """Check the plan of a query.

    Args:
        plan: A message of Spark Connect.
        is_stream: Whether it reads a stream.

    Raises:
        NotOnSailError: If Sail may give other rows than Spark.
    """
    for message in inner_messages(plan):
        kind = message.DESCRIPTOR.name
        if kind == "Relation":
            _check_relation(message, is_stream=is_stream)
        elif kind == "Expression":
            _check_expression(message, is_stream=is_stream)


def check_stars(plan: Message) -> None:
    """Check that a query that names ``_metadata`` has stars only in its list of columns, which leaves it out.

    Raises:
        NotOnSailError: If ``_metadata`` may be a part of something else.
    """
    for message in inner_messages(plan):
        if message.DESCRIPTOR.name == "Expression":
            _check_star(message)


def _check_star(expression: Any) -> None:
    kind = expression.WhichOneof("expr_type")
    inner = getattr(expression, kind) if kind in ("unresolved_function", "call_function") else None
    has_star = inner is not None and any(each.HasField("unresolved_star") for each in inner.arguments)
    is_whole = (
        kind == "unresolved_attribute" and expression.unresolved_attribute.unparsed_identifier.lower() == METADATA
    )
    if has_star or is_whole:
        raise NotOnSailError("has `_metadata` as a whole")


def check_condition(condition: str) -> None:
    """Check an expectation, which is a condition on one row.

    Raises:
        NotOnSailError: If Sail may evaluate it otherwise, or it may need other rows.
    """
    check_query(condition, is_stream=True)


def _check_relation(relation: Any, *, is_stream: bool) -> None:
    kind = relation.WhichOneof("rel_type")
    if kind not in (_OF_ROWS if is_stream else _OF_TABLES):
        reason = "a stream with the operation" if is_stream and kind in _OF_TABLES else "the operation"
        raise NotOnSailError(f"has {reason} `{kind}`")
    if kind == "read" and not relation.read.HasField("named_table"):
        raise NotOnSailError("reads files with Spark's readers")
    if kind == "set_op" and relation.set_op.allow_missing_columns:
        raise NotOnSailError("has a union with missing columns")
    if kind == "sql":
        check_query(relation.sql.query, is_stream=is_stream)


def _check_expression(expression: Any, *, is_stream: bool) -> None:
    kind = expression.WhichOneof("expr_type")
    if kind not in _EXPRESSIONS:
        raise NotOnSailError(f"has the expression `{kind}`")
    if kind == "expression_string":
        check_query(expression.expression_string.expression, is_stream=is_stream)
    elif kind in ("unresolved_function", "call_function"):
        name = getattr(expression, kind).function_name.lower()
        if name not in _OPERATORS:
            _check_function(name, is_stream=is_stream)
        if name in _PARTS_OF_TEXTS and getattr(expression, kind).arguments[1].literal.integer < 1:
            raise NotOnSailError("takes a part of a text from a place that is not a positive number")
    elif kind == "common_inline_user_defined_function":
        _check_function(expression.common_inline_user_defined_function.function_name, is_stream=is_stream)
    elif kind == "window":
        _check_window(expression.window.window_function, is_stream=is_stream)


def _check_window(function: Any, *, is_stream: bool) -> None:
    if is_stream:
        raise NotOnSailError("has a window function on a stream")
    name = function.unresolved_function.function_name.lower()
    if name in _OTHER_IN_WINDOWS:
        raise NotOnSailError(f"calls `{name}` over a window")


def _check_function(name: str, *, is_stream: bool) -> None:
    if name.startswith(OWN):
        return
    if name not in FUNCTIONS and name not in AGGREGATES:
        raise NotOnSailError(f"calls `{name}`")
    if is_stream and name in AGGREGATES:
        raise NotOnSailError(f"aggregates a stream with `{name}`")


def check_query(text: str, *, is_stream: bool) -> None:
    """Check the words of a SQL text: its functions and its clauses.

    Raises:
        NotOnSailError: If Sail may evaluate it otherwise than Spark.
    """
    try:
        tokens = sqlglot.tokenize(text, DIALECT)
    except SqlglotError as error:
        raise NotOnSailError("has a query that is not understood") from error
    for previous, token, following in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        word = token.text.lower()
        if token.token_type.name in _LITERALS or not _WORD.fullmatch(word) or _is_quoted(text, token):
            continue
        if word == "interval" and following is not None and following.token_type.name in (*_LITERALS, "DASH"):
            continue
        if word in _LIMITS and (following is None or following.text.lower() in _AFTER_COLUMNS):
            continue
        if word in _REFUSED_WORDS or (is_stream and word in _OF_SEVERAL_ROWS):
            raise NotOnSailError(f"has `{word.upper()}` in a query" + (" of a stream" if is_stream else ""))
        is_open = following is not None and following.text == "("
        if word == METADATA and following is not None and following.text != ".":
            raise NotOnSailError("has `_metadata` as a whole")
        if word == "over" and _OTHER_OVER.search(text):
            raise NotOnSailError("has a sum or an average over a window")
        is_alias = previous is not None and previous.text.lower() == "as"
        if is_open and not is_alias and word not in _NOT_CALLED:
            _check_function(word, is_stream=is_stream)


_OTHER_OVER: Final = re.compile(r"\b(?:sum|avg|mean)\s*\(", re.IGNORECASE)
_WORD: Final = re.compile(r"[a-z_]\w*")


def _is_quoted(text: str, token: Any) -> bool:
    return text[token.start] == "`"
