"""The columns of a set operation, where its inputs have other types: each input is cast to what all of them become."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from cbx.analysis.facts import UNKNOWN_TYPE
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Field
from cbx.analysis.relation.relations import Relation
from cbx.analysis.types.value_types import compare_exactly


def cast_set_columns(
    inputs: Sequence[Relation], new_field: Callable[[str, str | None], Field]
) -> tuple[tuple[Relation, ...], list[bool]]:
    """Cast the columns whose types do not compare exactly.

    The value determines the result of its cast, but other values may have the same result: so a key stays a key
    only if no column of it is cast.

    Args:
        inputs: The inputs, all with as many columns.
        new_field: Makes a column of a name and a type.

    Returns:
        The inputs, and which of the columns were cast.
    """
    columns = [[relation.fields[at].type for relation in inputs] for at in range(len(inputs[0].fields))]
    is_cast = [not _types_agree(types) for types in columns]
    return tuple(_cast(relation, is_cast, new_field) for relation in inputs), is_cast


def _types_agree(types: list[str | None]) -> bool:
    return all(
        compare_exactly(first, second) for first, second in itertools.combinations(dict.fromkeys(types), 2)
    ) and (UNKNOWN_TYPE not in types)


def _cast(relation: Relation, is_cast: list[bool], new_field: Callable[[str, str | None], Field]) -> Relation:
    if not any(is_cast):
        return relation
    definitions: list[ir.Definition] = []
    fields = list(relation.fields)
    for at, field in enumerate(relation.fields):
        if is_cast[at]:
            fields[at] = new_field(field.name, UNKNOWN_TYPE)
            value = ir.Computed(f"?{fields[at].id}", frozenset({field.id}))
            definitions.append(ir.Definition(fields[at].id, value))
    return ir.Projection(relation, tuple(definitions), tuple(fields))
