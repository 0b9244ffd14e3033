"""Writes the query that counts how often an aggregate of a SQL model counts a row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cbx.analysis.relation.places import QuerySpan
from cbx.parse.databricks_sql.aggregating_select import AggregatingSelect, find_aggregating_select
from cbx.spark_spelling import quote_if_needed
from cbx.stages.inputs import ModelInput, TableInput
from cbx.stages.measures import MeasureQuery
from cbx.stages.resolved_model import ResolvedModel, SqlCode
from cbx.syntax.text import Text, join

if TYPE_CHECKING:
    from cbx.analysis.counted_key import CountedKey
    from cbx.analysis.measures import JudgedMeasure

_OR_ZERO = re.compile(r"\bELSE\s+0\b|,\s*0\s*\)", re.IGNORECASE)


def write_measure_query(model: ResolvedModel, judged: JudgedMeasure) -> MeasureQuery | None:
    """The query that checks an aggregate of a model; None where it is proven, refuted, or not supported."""
    is_open_question = judged.verdict == "unknown" or (judged.repetition and not judged.repetition.is_declared)
    if not is_open_question or not isinstance(model.code, SqlCode) or model.cdc is not None:
        return None
    return write_counting_query(model.code.query, judged) if all(map(_is_batch, model.inputs)) else None


def write_counting_query(query: Text, judged: JudgedMeasure) -> MeasureQuery | None:
    """The query with a row for each group and row of the home, and how often an aggregate counts that row.

    Args:
        query: The query that has the aggregate.
        judged: The aggregate.

    Returns:
        The query; None where the rows that the aggregate counts cannot be queried.

    Example:
        For ``SELECT o.cid, sum(o.amount) FROM orders AS o JOIN notes AS n ON n.oid = o.oid GROUP BY o.cid``: the rows
        of FROM, where ``o.amount`` is not NULL, grouped by ``o.cid`` and the key ``o.oid``.
    """
    from cbx.analysis.counted_key import find_counted_key

    place, key = judged.measure.place, find_counted_key(judged)
    if key is None or not isinstance(place, QuerySpan):
        return None
    select = find_aggregating_select(query.placeholder(), place.start, key.columns)
    return None if select is None else MeasureQuery(_write(query, select, key, judged.measure.function), key.names)


def _is_batch(source: object) -> bool:
    return isinstance(source, (ModelInput, TableInput)) and not source.is_streaming


def _write(query: Text, select: AggregatingSelect, key: CountedKey, function: str) -> Text:
    columns = [f"c{number}" for number in range(1, key.width + 1)]
    groups = [f"g{number}" for number in range(1, len(select.groups) + 1)]
    own = [columns[position - 1] for position in key.positions]
    value = query.between(*select.value)
    counts = (
        "counted <> 0" if function.endswith("sum") and _OR_ZERO.search(value.placeholder()) else "counted IS NOT NULL"
    )
    some = " OR ".join(f"{column} IS NOT NULL" for column in own)
    shown = [
        column if name.lower() in {*groups, "num_entries"} or key.names.count(name) > 1 else f"{column} AS {quoted}"
        for column, name, quoted in zip(own, key.names, map(quote_if_needed, key.names), strict=True)
    ]
    common = query.between(*select.common).parts
    added = [part for piece in (*select.groups, select.value) for part in (", (", *query.between(*piece).parts, ")")]
    return join(
        (
            *((*common, "\n") if common else ()),
            f"SELECT {', '.join([*shown, *groups])}, count(*) AS num_entries\n",
            *("FROM (\n", "  SELECT *", *added, "\n  ", *query.between(*select.rows).parts, "\n"),
            f") AS aggregated ({', '.join([*columns, *groups, 'counted'])})\n",
            f"WHERE {counts} AND ({some})\nGROUP BY {', '.join([*own, *groups])}",
        )
    )
