"""The new rows of a query's inputs: what the query makes of them, and which values they have."""

from __future__ import annotations

import json
import re
from functools import reduce
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlparse

from py4j.protocol import Py4JError
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation
from pyspark.sql.types import StructField, StructType

from cbx.runtime.exact_json import exact_json
from cbx.runtime.refresh_rules.query_description import Obstacle
from cbx.runtime.refresh_rules.supported_expressions import is_exact
from cbx.runtime.spark.plans.analysed_plan import read_plan
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pyspark.sql import Column

    from cbx.runtime.refresh_rules.query_plan import Expression, Operation

_MOST_VALUES: Final = 10_000
"""How many different values of new rows are looked for in a table."""
_TOO_MANY: Final = Obstacle("too many of its groups have new rows", "INCREMENTAL_PLAN_REJECTED_BY_COST_MODEL")
_STRANGE: Final = Obstacle("a text of its new rows is not Unicode", "PLAN_NOT_INCREMENTALIZABLE")
_NOT_UNICODE: Final = "\ufffd"


def readable_plan(frame: DataFrame) -> Operation | Obstacle:
    """The plan of a query; an obstacle if its settings or types make equal values differ."""
    if frame.sparkSession.conf.get("spark.sql.ansi.enabled") != "true":
        return Obstacle("spark.sql.ansi.enabled is not true, so that sums may overflow", "PLAN_NOT_INCREMENTALIZABLE")
    relations = [leaf.relation() for leaf in _leaves(frame)]
    if any("collate" in str(relation.schema().catalogString()).lower() for relation in relations):
        return Obstacle("it reads texts with a collation", "PLAN_NOT_INCREMENTALIZABLE")
    if any(relation.partitionSchema().size() for relation in relations):
        return Obstacle("it reads files in folders that have values of columns", "PLAN_NOT_INCREMENTALIZABLE")
    try:
        plan = read_plan(frame)
    except Py4JError:
        return Obstacle("Spark does not describe its plan", "PLAN_NOT_INCREMENTALIZABLE")
    has_all_columns = len(plan.outputs) == len(frame.columns)
    return plan if has_all_columns else Obstacle("not all of its columns are known", "PLAN_NOT_INCREMENTALIZABLE")


def rows_of_new_files(frame: DataFrame, files: Mapping[int, Sequence[str]]) -> DataFrame:
    """The rows of a query over the new files of its inputs.

    Args:
        frame: The query.
        files: The new files, by the place of the relation in the plan.
    """
    return _make_frame(frame, _with_files(frame, _plan(frame), files))


def rows_below(
    frame: DataFrame, operation: Operation, expressions: Sequence[Expression], files: Mapping[int, Sequence[str]]
) -> DataFrame:
    """Expressions over the rows that an operation of a query reads, from other files.

    Args:
        frame: The query.
        operation: The operation, which has one child.
        expressions: The expressions, which become the columns ``c0``, ``c1`` and so on.
        files: The files, by the place of the relation in the plan; other relations are read as they are.
    """
    from pyspark.sql.classic.column import Column as ClassicColumn  # which PySpark's client lacks

    if operation.origin is None:
        raise AssertionError("the operation is one of the plan")
    rows = _make_frame(frame, _with_files(frame, operation.origin().children().apply(0), files))
    utils = frame.sparkSession._jvm.org.apache.spark.sql.classic.ExpressionUtils  # type: ignore[union-attr]  # noqa: SLF001 - plans have no Python face
    made = [ClassicColumn(utils.column(_origin(expression))) for expression in expressions]
    return rows.select(*(column.alias(f"c{number}") for number, column in enumerate(made)))


def other_files(frame: DataFrame, files: Mapping[int, Sequence[str]]) -> dict[int, list[str]]:
    """The files of relations that are not among these, by the place of the relation.

    Args:
        frame: The query.
        files: Files, by the place of the relation in the plan.
    """
    leaves, others = _leaves(frame), {}
    for place, paths in files.items():
        read = leaves[place].relation().inputFiles()
        known = set(paths)
        others[place] = [path for path in map(path_of_uri, map(str, read)) if path not in known]
    return others


def path_of_uri(uri: str) -> str:
    """The path of a file that Spark names by a URI."""
    return unquote(urlparse(uri).path)


def _with_files(frame: DataFrame, plan: Any, files: Mapping[int, Sequence[str]]) -> Any:
    """A part of the plan of a query that reads other files."""
    jvm: Any = frame.sparkSession._jvm  # noqa: SLF001 - plans have no Python face
    leaves, replacements = _leaves(frame), jvm.java.util.HashMap()
    for place, paths in files.items():
        leaf = leaves[place]
        new = _plan(_read(frame, leaf, paths))
        replacements.put(
            leaf, leaf.copy(new.relation(), leaf.output(), leaf.catalogTable(), leaf.isStreaming(), leaf.stream())
        )
    # A map is a partial function, and equal relations are equal keys.
    return plan.transformUp(jvm.PythonUtils.toScalaMap(replacements))


def _make_frame(frame: DataFrame, plan: Any) -> DataFrame:
    session: Any = frame.sparkSession
    java = session._jvm.org.apache.spark.sql.classic.Dataset.ofRows(session._jsparkSession, plan)  # noqa: SLF001 - as above
    return DataFrame(java, session)


def values_of_changes(
    frame: DataFrame, place: int, added: Sequence[str], removed: Sequence[str], expressions: Sequence[Expression]
) -> list[tuple[Any, ...]] | Obstacle:
    """The different values of expressions over the rows of an input that have changed.

    Args:
        frame: The query.
        place: The place of the relation in its plan.
        added: The new files.
        removed: The files that the relation no longer has. If there are any, the new ones may have rows of them.
        expressions: The expressions over the columns of the relation.

    Returns:
        The values, comparable with ``comparable_column``; an obstacle if they are not known.
    """
    from pyspark.sql.classic.column import Column as ClassicColumn  # which PySpark's client lacks

    leaf = _leaves(frame)[place]
    rows = _read(frame, leaf, added) if not removed else _changed_rows(frame, leaf, added, removed)
    if isinstance(rows, Obstacle):
        return rows
    new = _plan(rows).output()
    columns = {leaf.output().apply(each).exprId().id(): new.apply(each) for each in range(new.size())}
    utils = frame.sparkSession._jvm.org.apache.spark.sql.classic.ExpressionUtils  # type: ignore[union-attr]  # noqa: SLF001 - as above
    made = [
        ClassicColumn(utils.column(_convert(frame, expression, columns))).alias(f"c{number}")
        for number, expression in enumerate(expressions)
    ]
    return read_values(rows.select(*made).distinct())


def _changed_rows(frame: DataFrame, leaf: Any, added: Sequence[str], removed: Sequence[str]) -> DataFrame | Obstacle:
    """The rows that only the new or only the old files have, or in other numbers; some columns as text."""
    old = _read(frame, leaf, removed)
    if _UNKNOWN.search(old.schema.json()):
        return Obstacle("an input has changed, and has columns of a type without equality", "DATA_HAS_CHANGED")
    sides = [old.withColumn(_SIDE, F.lit(-1))]
    sides += [_read(frame, leaf, added).withColumn(_SIDE, F.lit(1))] if added else []
    columns = [_distinct_column(field).alias(field.name) for field in old.schema]
    rows = reduce(DataFrame.unionAll, sides).select(*columns, _SIDE)
    changed = rows.groupBy(*map(quote, old.columns)).agg(F.sum(_SIDE).alias(_SIDE))
    return changed.where(F.col(_SIDE) != 0).drop(_SIDE)


_SIDE: Final = "__cbx_side"
_UNKNOWN: Final = re.compile(r'"(?:variant|interval[^"]*|time\(\d+\)|udt|geometry[^"]*|geography[^"]*)"')


def _distinct_column(field: StructField) -> Column:
    """A column whose values are equal if they are the same in every bit."""
    column = F.col(quote(field.name))
    if is_exact(field.dataType.typeName()):
        return column
    return exact_json(column)


def read_values(rows: DataFrame) -> list[tuple[Any, ...]] | Obstacle:
    """The values of rows, comparable with ``comparable_column``; an obstacle if they are too many or not comparable."""
    comparable = [comparable_column(F.col(quote(field.name)), field.dataType.typeName()) for field in rows.schema]
    values = [tuple(row) for row in rows.select(*comparable).limit(_MOST_VALUES + 1).collect()]
    if any(isinstance(value, str) and _NOT_UNICODE in value for row in values for value in row):
        return _STRANGE
    return _TOO_MANY if len(values) > _MOST_VALUES else values


def comparable_column(column: Column, type_name: str) -> Column:
    """A column whose values are the same in Python and in Spark, of a type that ``is_exact``."""
    if type_name == "date":
        return F.unix_date(column)
    return F.unix_micros(column) if type_name == "timestamp" else column


def is_one_of(column: Column, type_name: str, values: Collection[Any]) -> Column:
    """Whether a column has one of these values; NULL is one like others. For a NULL that is none of them it is NULL.

    Args:
        column: The column.
        type_name: Its type.
        values: The values of ``comparable_column``.
    """
    known = [value for value in values if value is not None]
    make = _MAKERS.get(type_name) if len(known) <= _MOST_LITERALS else None
    if make is None:
        condition = comparable_column(column, type_name).isin(known)
    else:
        condition = column.isin([make(F.lit(value)) for value in known])
    return condition | column.isNull() if None in values else condition


_MOST_LITERALS: Final = 100
_MAKERS: Final = {"date": F.date_from_unix_date, "timestamp": F.timestamp_micros}
"""What makes constants of a type, by which Spark leaves out parts of files."""


def _read(frame: DataFrame, leaf: Any, files: Sequence[str]) -> DataFrame:
    columns = StructType.fromJson(json.loads(leaf.relation().schema().json()))
    reader = frame.sparkSession.read.schema(columns).option("recursiveFileLookup", "true")
    return reader.parquet(*files)


def _leaves(frame: DataFrame) -> list[Any]:
    """The relations of a plan, in its order."""
    leaves = _plan(frame).collectLeaves()
    nodes = [leaves.apply(place) for place in range(leaves.size())]
    return [leaf for leaf in nodes if leaf.nodeName() == "LogicalRelation"]


def _plan(frame: DataFrame) -> Any:
    return frame._jdf.queryExecution().analyzed()  # noqa: SLF001 - as above


def _origin(expression: Expression) -> Any:
    """The expression of the engine."""
    if expression.origin is None:
        raise AssertionError("the expression is one of the plan")
    return expression.origin()


def _convert(frame: DataFrame, expression: Expression, columns: Mapping[int, Any]) -> Any:
    """An expression of Spark, over other columns."""
    if expression.kind == "AttributeReference" and expression.column is not None:
        return columns[expression.column]
    origin = _origin(expression)
    if not expression.children:
        return origin
    children = [_convert(frame, child, columns) for child in expression.children]
    jvm: Any = frame.sparkSession._jvm  # noqa: SLF001 - as above
    return origin.withNewChildren(jvm.PythonUtils.toSeq(children))
