"""Which values of a table may differ from those that its code produces, because the table's schema converts them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cbx.passes.facts.table_facts import has_emitted_schema
from cbx.project.settings import Project
from cbx.stages.resolved_model import ResolvedModel

if TYPE_CHECKING:
    from cbx.analysis.relation.relations import Relation

_PADDED = re.compile(r"\s*CHAR(ACTER)?\b", re.IGNORECASE)
"""Types whose texts Spark fills up with spaces, so that ``a`` and ``a `` become the same."""


def converted_columns(
    model: ResolvedModel, relation: Relation | None, project: Project, *, is_partly_declared: bool
) -> dict[str, tuple[str | None, str]]:
    """The columns of which two values may become one, with the produced type, if it is known, and the declared one.

    A pipeline casts what the code produces to the types of the table's schema, where the table has one.

    Example:
        A query produces ``id`` as DOUBLE, and the model declares it as BIGINT: 1.2 and 1.7 are both stored as 1.
    """
    if model.kind == "seed" or not _has_schema(model, project, is_partly_declared=is_partly_declared):
        return {}
    from cbx.analysis.columns import known_type
    from cbx.analysis.types.value_types import is_injective_cast

    fields = relation.fields if relation is not None else ()
    produced = {field.name.lower(): known_type(field) for field in fields}
    converted = {}
    for column in model.columns or ():
        source = produced.get(column.name.lower())
        if not is_injective_cast(source, column.type) or _PADDED.match(column.type):
            converted[column.name.lower()] = (source, column.type)
    return converted


def _has_schema(model: ResolvedModel, project: Project, *, is_partly_declared: bool) -> bool:
    is_masked = model.is_table and not is_partly_declared and any(column.mask for column in model.columns or ())
    return is_masked or has_emitted_schema(model, project, is_partly_declared=is_partly_declared)
