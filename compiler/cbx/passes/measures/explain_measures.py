"""Verdicts on aggregates in words: for messages, the manifest and the graph."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from cbx.analysis.facts import TOGETHER
from cbx.analysis.relation.places import Place, QuerySpan
from cbx.diagnostics.diagnostic import listing
from cbx.parse.databricks_sql.brackets import depths
from cbx.parse.databricks_sql.quotes import mask_quotes
from cbx.passes.model_code.model_analysis import span_of
from cbx.stages.measures import MeasureRepetition, MeasureResult
from cbx.stages.resolved_model import ResolvedModel, SqlCode
from cbx.syntax.text import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cbx.analysis.measures import JudgedMeasure
    from cbx.analysis.repetition import Repetition

_BRACKET = re.compile(r"[()]")
_VARIABLE = re.compile(rf"{PLACEHOLDER}var_(\w+)")


def describe_measure(model: ResolvedModel, judged: JudgedMeasure, columns: Mapping[int, str]) -> MeasureResult:
    """A verdict with the texts and places of what it is about.

    Args:
        model: The model that has the aggregate.
        judged: The verdict.
        columns: The names of the columns of the model's result, by their numbers.
    """
    place = _whole_call(model, judged.measure.place)
    kinds = {home.measure for home in judged.homes}
    return MeasureResult(
        columns.get(judged.measure.column),
        judged.measure.function,
        judged.verdict,
        _tables(judged),
        _text(model, judged, place),
        tuple(dict.fromkeys(filter(None, judged.names))),
        kinds.pop() if len(kinds) == 1 else "",
        span_of(model, place),
        None if judged.repetition is None else _describe_repetition(model, judged.repetition),
    )


def _tables(judged: JudgedMeasure) -> tuple[str, ...]:
    """The tables that the values are at home in, sorted."""
    names = (home.table for home in judged.homes if home.table)
    return tuple(sorted({table for together in names for table in together.split(TOGETHER)}))


def _whole_call(model: ResolvedModel, place: Place) -> Place:
    """A place in a query up to the bracket that closes it: the parser keeps the offsets of names only."""
    if not isinstance(place, QuerySpan) or not isinstance(model.code, SqlCode):
        return place
    end = place.end
    brackets = list(_BRACKET.finditer(_mask(model.code.query.placeholder()), place.start))
    for bracket, depth in zip(brackets, depths(1 if bracket[0] == "(" else -1 for bracket in brackets), strict=True):
        if depth < 0 or (depth == 0 and bracket[0] == "(" and bracket.start() >= end):
            break
        end = max(end, bracket.end()) if depth == 0 and bracket[0] == ")" else end
    return QuerySpan(place.start, end)


_mask = lru_cache(maxsize=4)(mask_quotes)
"""Cached for the aggregates of one query."""


def _text(model: ResolvedModel, judged: JudgedMeasure, place: Place) -> str:
    """The aggregate as it is in the rendered query; for Python its function and the columns of its values."""
    if isinstance(place, QuerySpan) and isinstance(model.code, SqlCode):
        written = model.code.query.placeholder()[place.start : place.end]
        return _VARIABLE.sub(r"${\1}", " ".join(written.split()))
    return f"{judged.measure.function}({', '.join(dict.fromkeys(filter(None, judged.names)))})"


def _describe_repetition(model: ResolvedModel, repetition: Repetition) -> MeasureRepetition:
    from cbx.analysis.facts import TableRelationship

    return MeasureRepetition(
        repetition.table,
        explain_repetition(repetition)[0],
        span_of(model, repetition.place),
        repetition.cause if isinstance(repetition.cause, TableRelationship) else None,
        repetition.is_declared,
    )


def explain_repetition(repetition: Repetition) -> tuple[str, str]:
    """Why rows repeat, and how to fix it."""
    from cbx.analysis.facts import CurrentKey
    from cbx.analysis.repetition import OtherKey

    many = repetition.table
    if isinstance(repetition.cause, CurrentKey):
        hint = f"join only the current rows of `{many}` (`__END_AT IS NULL`), or the versions of a time"
        return f"`{many}` holds every version of a row", hint
    if isinstance(repetition.cause, OtherKey):
        key, compared = listing(repetition.cause.key), listing(repetition.cause.compared)
        hint = f"aggregate `{many}` before the join; if {compared} is unique in it, declare it as a key"
        return f"`{many}` has a row for each {key}, and is joined by {compared}", hint
    if repetition.cause is not None:
        hint = f"aggregate `{many}` before the join, sum a column of `{many}` instead, or count distinct values"
        return f"one row has many of `{many}`", hint
    if many:
        hint = f"sum it over `{many}`, or group by the key of the table that is read here"
        return "the table that is read here repeats them", hint
    return "one row has many elements", "sum before the collection is exploded"


def explain_unknown(judged: JudgedMeasure) -> str:
    """Why it is not known how often rows are counted."""
    tables = listing(_tables(judged))
    if not judged.homes:
        names = listing(dict.fromkeys(filter(None, judged.names)))
        return f"it is not known in which table {names} is at home" if names else "its values could not be traced"
    if not tables:
        return "no key of the rows that it adds up is known"
    if len(judged.homes) == 1 and not judged.homes[0].keys:
        return f"no key of {tables} is known"
    return f"it is not proven that a row of {tables} is in one group only once"
