"""The facts about rows that follow from a condition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.relation.needs import is_some_needed, needed_by_all
from cbx.analysis.relation.uniqueness import FunctionalDependency, Grain, ValueFact, with_every_exact_value

Assumptions = frozenset[ir.Predicate]


def apply_predicates(grain: Grain, predicates: Iterable[ir.Predicate]) -> Grain:
    """The grain of the rows for which predicates hold."""
    dependencies, equal, constants = list(grain.dependencies), list(grain.equal), list(grain.constants)
    not_null = set(grain.not_null)
    values = list(grain.values)
    for predicate in predicates:
        not_null |= non_null_columns(predicate)
        match predicate:
            case ir.Equal(ir.Reference(left), ir.Reference(right)):
                equal.append((left, right))
            case ir.OneOfValues(column, texts):
                values.append(ValueFact(column, "one of", frozenset(texts)))
            case ir.Comparison(column, kind, text):
                values.append(ValueFact(column, kind, frozenset({text})))
            case ir.Within():
                dependencies += version_dependencies(grain, predicate)
            case ir.Equal(left, right):
                dependencies += _equality_dependencies(left, right, grain)
                constants += _literal_constants(left, right)
            case ir.IsNull(column):
                dependencies.append(FunctionalDependency(NONE, with_every_exact_value([column]), is_lasting=True))
                constants.append((column, None))
            case ir.AtMostOne(column) if column in grain.counters:
                dependencies.append(FunctionalDependency(NONE, frozenset({column}), is_lasting=True))
            case _:
                pass
    return replace(
        grain,
        dependencies=tuple(dependencies),
        equal=tuple(equal),
        not_null=frozenset(not_null),
        constants=tuple(constants),
        values=tuple(values),
    )


def version_dependencies(grain: Grain, within: ir.Within) -> list[FunctionalDependency]:
    """At most one version of a row is valid at a time, so the key and the time determine its start.

    A stream meets the versions that there are at the time: one that has no end yet gets one later.
    """
    return [
        FunctionalDependency(version.key | grain.with_exact_values(within.reads), frozenset({version.start}))
        for version in grain.versions
        if (version.start, version.end) == (within.start, within.end) and not grain.is_stream
    ]


def non_null_columns(predicate: ir.Predicate) -> Ids:
    """The columns that are not NULL where a predicate holds."""
    match predicate:
        case ir.Equal(left, right, is_null_safe):
            sides = ((left, right), (right, left))
            return frozenset(
                side.column
                for side, opposite in sides
                if isinstance(side, ir.Reference) and (not is_null_safe or is_never_null(opposite))
            )
        case ir.NotNull(column) | ir.AtMostOne(column) | ir.OneOfValues(column) | ir.Comparison(column):
            return frozenset({column})
        case ir.Condition(needs=needs):
            return needed_by_all(needs)
        case ir.Within(_, start, _):
            return frozenset({start})
        case ir.IsNull() | ir.Never():
            return NONE


def rejects_nulls(predicate: ir.Predicate, columns: Ids) -> bool:
    """Whether a predicate holds for no row in which all of some columns are NULL."""
    if isinstance(predicate, ir.Condition):
        return is_some_needed(predicate.needs, columns)
    return isinstance(predicate, ir.Never) or bool(non_null_columns(predicate) & columns)


def non_null_in_rows(query: ir.Relation) -> Ids:
    """Columns, of a query or around it, that are not NULL if it returns a row."""
    match query:
        case ir.Filter(input=rows, predicates=predicates):
            return non_null_in_rows(rows).union(*map(non_null_columns, predicates))
        case ir.Join(kind="inner", left=left, right=right, predicates=predicates):
            return non_null_in_rows(left).union(non_null_in_rows(right), *map(non_null_columns, predicates))
        case ir.Explode(input=rows, needs=needs):
            return non_null_in_rows(rows) | needed_by_all(needs)
        case ir.Projection(input=rows) | ir.Window(input=rows) | ir.Limit(input=rows) | ir.Distinct(input=rows):
            return non_null_in_rows(rows)
        case _:
            return NONE


def implied_assumptions(predicates: Iterable[ir.Predicate]) -> Assumptions:
    """What the nodes below may assume about rows, since this node drops all others."""
    assumed: set[ir.Predicate] = set()
    for predicate in predicates:
        assumed |= {ir.NotNull(column) for column in non_null_columns(predicate)}
        match predicate:
            case ir.Equal(ir.Reference() as column, ir.Constant() as value) | ir.Equal(
                ir.Constant() as value, ir.Reference() as column
            ):
                assumed.add(ir.Equal(column, value))
            case ir.IsNull() | ir.AtMostOne():
                assumed.add(predicate)
            case _:
                pass
    return frozenset(assumed)


def apply_assumptions(grain: Grain, assumed: Assumptions) -> Grain:
    """The grain of the rows that the nodes above keep."""
    not_null = {predicate.column for predicate in assumed if isinstance(predicate, ir.NotNull)} & grain.columns
    return replace(grain, not_null=grain.not_null | not_null) if not_null - grain.not_null else grain


def renumber_assumptions(assumed: Assumptions, numbers: dict[int, int]) -> Assumptions:
    """The assumptions about the columns in a mapping, with their new numbers."""
    renumbered: set[ir.Predicate] = set()
    for predicate in assumed:
        match predicate:
            case ir.Equal(ir.Reference(column), value) if column in numbers:
                renumbered.add(ir.Equal(ir.Reference(numbers[column]), value))
            case ir.IsNull(column) if column in numbers:
                renumbered.add(ir.IsNull(numbers[column]))
            case ir.NotNull(column) if column in numbers:
                renumbered.add(ir.NotNull(numbers[column]))
            case ir.AtMostOne(column) if column in numbers:
                renumbered.add(ir.AtMostOne(numbers[column]))
            case _:
                pass
    return frozenset(renumbered)


def is_never_null(expression: ir.Expression) -> bool:
    """Whether an expression is never NULL for any values of the columns."""
    if isinstance(expression, ir.Constant):
        return expression.text is not None
    return isinstance(expression, ir.Computed) and expression.not_null


def _equality_dependencies(left: ir.Expression, right: ir.Expression, grain: Grain) -> list[FunctionalDependency]:
    """The exact values that an expression reads determine, up to equality, the column that equals it.

    An expression that is stable only while a query runs determines nothing in a stream.
    """
    is_lasting = all(not isinstance(side, ir.Computed) or side.is_deterministic for side in (left, right))
    sides = ((left, right), (right, left))
    return [
        FunctionalDependency(
            grain.with_exact_values(ir.reads_of(opposite)), frozenset({side.column}), is_lasting=is_lasting
        )
        for side, opposite in sides
        if isinstance(side, ir.Reference) and (is_lasting or not grain.is_stream)
    ]


def _literal_constants(left: ir.Expression, right: ir.Expression) -> list[tuple[int, str | None]]:
    sides = ((left, right), (right, left))
    return [
        (side.column, opposite.text)
        for side, opposite in sides
        if isinstance(side, ir.Reference) and isinstance(opposite, ir.Constant)
    ]
