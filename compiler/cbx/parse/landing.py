"""Schema hints for Auto Loader: the columns of a model that come from the files that it reads."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from cbx.spark_spelling import quote_if_needed
from cbx.syntax.declarations import PythonFunction, SqlQuery

if TYPE_CHECKING:
    from sqlglot import exp

_RESCUED = "_rescued_data"
_METADATA = "_metadata"
_NAMING_METHODS = frozenset({"withColumn", "alias", "name"})


def schema_hints(
    hints: str | Mapping[str, str] | None, declared: Mapping[str, str], code: PythonFunction | SqlQuery
) -> str:
    """The schema hints of an Auto Loader input, as one DDL text.

    Auto Loader infers a postcode as a number and loses its zeros, so every column of the files gets a hint: those of
    the input, and those that the model declares, except for the ones that the model computes. A hinted column exists in
    the input even if no file contains it, and a computed column would then exist twice.

    Args:
        hints: The input's ``schema_hints``.
        declared: The declared columns and their types.
        code: The model's code.
    """
    hints_by_name = {} if isinstance(hints, str) else dict(hints or {})
    added = _added_columns(code)
    hinted = {name: written for name, written in declared.items() if name not in {*added, *hints_by_name, _RESCUED}}
    parts = [hints] if isinstance(hints, str) else []
    taken = _first_words(hints) if isinstance(hints, str) else frozenset()
    parts += [f"{quote_if_needed(name)} {written}" for name, written in hinted.items() if name.lower() not in taken]
    parts += [f"{_quoted_path(name)} {written}" for name, written in hints_by_name.items()]
    return ", ".join(parts)


def _quoted_path(name: str) -> str:
    """The name of a column or of a field inside it, as in ``items.element.price``."""
    return ".".join(quote_if_needed(part) for part in name.split("."))


def _first_words(ddl: str) -> frozenset[str]:
    return frozenset(part.split()[0].strip("`").lower() for part in ddl.split(",") if part.strip())


def _added_columns(code: PythonFunction | SqlQuery) -> frozenset[str]:
    """Columns that code produces and never reads."""
    if isinstance(code, SqlQuery):
        return code.added_columns
    return _columns_added_in_python(code.definition.source.text)


def columns_added_by(query: exp.Expr) -> frozenset[str]:
    """The columns that a query produces and never reads."""
    from sqlglot import exp

    named = {alias.alias for alias in query.find_all(exp.Alias)}
    read = {column.name for column in query.find_all(exp.Column) if column.parts[0].name != _METADATA}
    return frozenset(named - read)


@lru_cache(maxsize=1)
def _columns_added_in_python(text: str) -> frozenset[str]:
    named, read = _python_names(text)
    return frozenset(named - read)


def _python_names(source: str) -> tuple[set[str], set[str]]:
    named: set[str] = set()
    naming_nodes: set[int] = set()
    nodes = list(ast.walk(ast.parse(source)))
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in _NAMING_METHODS and node.args and isinstance(node.args[0], ast.Constant):
                named.add(str(node.args[0].value))
                naming_nodes.add(id(node.args[0]))
            if node.func.attr == "withColumns" and node.args and isinstance(node.args[0], ast.Dict):
                keys = [key for key in node.args[0].keys if isinstance(key, ast.Constant)]
                named.update(str(key.value) for key in keys)
                naming_nodes.update(id(key) for key in keys)
    read = {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in naming_nodes
    }
    of_files = _nodes_with_metadata(nodes)
    read -= {
        str(node.slice.value)
        for node in nodes
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and id(node.value) in of_files
    }
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute) and id(node.value) not in of_files}
    for text in sorted(read):
        if " as " in text.lower():
            named.add(text.lower().rpartition(" as ")[2].strip("` "))
    return named, read | attributes


def _nodes_with_metadata(nodes: Sequence[ast.AST]) -> set[int]:
    """The ids of the nodes that contain ``_metadata``, the column with the metadata of files."""
    mentioning = [
        node for node in nodes if any(isinstance(word, str) and _METADATA in word for word in vars(node).values())
    ]
    around = {id(inside): node for node in nodes for inside in ast.iter_child_nodes(node)} if mentioning else {}
    ids: set[int] = set()
    for start in mentioning:
        node: ast.AST | None = start
        while node is not None and id(node) not in ids:
            ids.add(id(node))
            node = around.get(id(node))
    return ids
