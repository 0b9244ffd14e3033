"""Reads Spark's analysed plan of a query as the plan of ``refresh_rules``."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from cbx.runtime.refresh_rules.query_plan import Expression, Operation, name_column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyspark.sql import DataFrame

_Document = dict[str, Any]
_JOINED: Final = frozenset({"LeftSemi", "LeftAnti"})
_NOT_TEXT: Final = frozenset({"class", "num-children", "exprId", "qualifier", "name", "resultId", "origin", "metadata"})


def read_plan(frame: DataFrame) -> Operation:
    """The analysed plan of a query; its relations are numbered as the leaves of the plan are."""
    plan: Any = frame._jdf.queryExecution().analyzed()  # noqa: SLF001 - plans have no Python face
    documents = iter(json.loads(plan.toJSON()))
    return _OperationReader(documents).read(lambda: plan)


class _OperationReader:
    """Reads the operations of a plan, which its JSON lists before those whose rows they read."""

    def __init__(self, documents: Iterator[_Document]) -> None:
        self._documents = documents
        self._tables = count()
        self._shared: dict[int, Operation] = {}

    def read(self, origin: Callable[[], Any]) -> Operation:
        document = next(self._documents)
        kind = _short(document["class"])
        children = tuple(self.read(_child(origin, place)) for place in range(document["num-children"]))
        if kind == "CTERelationDef":
            self._shared[document["id"]] = children[0]
            return children[0]
        if kind == "WithCTE":
            return children[-1]
        if kind == "CTERelationRef":
            outputs = tuple(_column(each) for each in document["output"])
            definition = self._shared.get(document["cteId"])
            return Operation("Renamed" if definition else kind, (definition,) if definition else (), outputs)
        return _READERS.get(kind, _read_other)(document, kind, children, origin, self._tables)


def _read_other(
    document: _Document, kind: str, children: tuple[Operation, ...], origin: Callable[[], Any], _: Iterator[int]
) -> Operation:
    """An operation that has the columns of its child, or one that no rule supports."""
    del origin
    condition = [_expression(document["condition"])] if kind == "Filter" else []
    groups = tuple(_expression(each) for each in document["keys"]) if kind == "Deduplicate" else ()
    return Operation(kind, children, children[0].outputs if children else (), tuple(condition), groups)


def _read_relation(
    document: _Document,
    kind: str,
    children: tuple[Operation, ...],
    origin: Callable[[], Any],
    tables: Iterator[int],
) -> Operation:
    del kind, children, origin
    return Operation("Relation", (), tuple(_column(each) for each in document["output"]), table=next(tables))


def _read_columns(
    document: _Document, kind: str, children: tuple[Operation, ...], origin: Callable[[], Any], _: Iterator[int]
) -> Operation:
    """A Project or an Aggregate."""
    name = "projectList" if kind == "Project" else "aggregateExpressions"
    expressions = tuple(_expression(each, _element(origin, name, place)) for place, each in enumerate(document[name]))
    keys = document.get("groupingExpressions", ())
    groups = tuple(_expression(each, _element(origin, "groupingExpressions", place)) for place, each in enumerate(keys))
    outputs = tuple(expression.column if expression.column is not None else -1 for expression in expressions)
    return Operation(kind, children, outputs, expressions, groups, origin=origin)


def _read_join(
    document: _Document, kind: str, children: tuple[Operation, ...], origin: Callable[[], Any], _: Iterator[int]
) -> Operation:
    del origin
    join = _short(str(document["joinType"].get("object", document["joinType"])))
    left, right = children
    outputs = left.outputs if join in _JOINED else (*left.outputs, *right.outputs)
    condition = document.get("condition")
    return Operation(kind, children, outputs, (_expression(condition),) if condition else (), join=join)


def _read_generate(
    document: _Document, kind: str, children: tuple[Operation, ...], origin: Callable[[], Any], _: Iterator[int]
) -> Operation:
    del origin
    made = tuple(_column(each) for each in document["generatorOutput"])
    return Operation(kind, children, (*children[0].outputs, *made), (_expression(document["generator"]),))


def _read_union(
    document: _Document, kind: str, children: tuple[Operation, ...], origin: Callable[[], Any], _: Iterator[int]
) -> Operation:
    """A union, whose columns Spark may number anew."""
    del document
    attributes = origin().output()
    return Operation(kind, children, tuple(attributes.apply(place).exprId().id() for place in range(attributes.size())))


_READERS: Final = {
    "LogicalRelation": _read_relation,
    "Project": _read_columns,
    "Aggregate": _read_columns,
    "Join": _read_join,
    "Generate": _read_generate,
    "Union": _read_union,
}


def _expression(documents: list[_Document], origin: Callable[[], Any] | None = None) -> Expression:
    """An expression, whose JSON lists it before its arguments."""
    remaining = iter(documents)

    def read(origin: Callable[[], Any] | None) -> Expression:
        document = next(remaining)
        children = tuple(
            read(None if origin is None else _child(origin, place)) for place in range(document["num-children"])
        )
        kind, type_name = _short(document["class"]), document.get("dataType")
        if kind == "AttributeReference":
            return replace(name_column(document["exprId"]["id"]), type=_type(type_name), origin=origin)
        column = document["exprId"]["id"] if kind == "Alias" else None
        return Expression(kind, children, _type(type_name), column, "" if kind == "Alias" else _text(document), origin)

    return read(origin)


def _type(document: Any) -> str | None:
    return document if isinstance(document, str) or document is None else str(document.get("type", "nested"))


def _text(document: _Document) -> str:
    """What a plan says of an expression, but its arguments, which are numbers."""
    rest = {name: value for name, value in document.items() if name not in _NOT_TEXT}
    return json.dumps(rest, sort_keys=True)


def _column(documents: list[_Document]) -> int:
    return int(documents[0]["exprId"]["id"])


def _child(origin: Callable[[], Any], place: int) -> Callable[[], Any]:
    return lambda: origin().children().apply(place)


def _element(origin: Callable[[], Any], name: str, place: int) -> Callable[[], Any]:
    return lambda: getattr(origin(), name)().apply(place)


def _short(name: str) -> str:
    return name.rpartition(".")[2].removesuffix("$")
