"""The definitions that follow ``USE SCHEMA``, with the names that their tables have in full."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from cbx.importing.definitions import FoundChanges, FoundDataset, FoundDefinition, FoundFlow, FoundQuery
from cbx.importing.evaluation.values import UserFunction
from cbx.importing.sql.queries import mask_parameters, restore_parameters
from cbx.runtime.names import DatasetName, InvalidNameError
from cbx.runtime.sql.current_schema import qualify_name, qualify_reads

_REPEATED: Final = re.compile(r"(`([^`]+)`\)?) AS `\2`")
"""An alias that only repeats the name of the table."""


def qualify_definition(definition: FoundDefinition, schema: str, views: Collection[str]) -> FoundDefinition:
    """A definition as it would be without ``USE SCHEMA``.

    Args:
        definition: What a statement defines.
        schema: The current schema at the statement.
        views: The keys of temporary views, which have no schema.
    """
    if isinstance(definition, FoundDataset):
        is_view = definition.kind == "view"
        name = definition.name if is_view else _qualify(definition.name, schema, ())
        return replace(definition, name=name, code=_qualify_code(definition.code, schema, views))
    if isinstance(definition, FoundFlow):
        target = _qualify(definition.target, schema, ())
        return replace(definition, target=target, code=_qualify_code(definition.code, schema, views))
    if isinstance(definition, FoundChanges):
        source = _qualify(definition.source, schema, views)
        return replace(definition, target=_qualify(definition.target, schema, ()), source=source)
    return (
        definition if definition.target is None else replace(definition, target=_qualify(definition.target, schema, ()))
    )


def _qualify(text: str, schema: str, views: Collection[str]) -> str:
    try:
        name = DatasetName.parse(text)
    except InvalidNameError:
        return text
    return text if name.key in views else qualify_name(name, schema).written


def _qualify_code(
    code: UserFunction | FoundQuery | None, schema: str, views: Collection[str]
) -> UserFunction | FoundQuery | None:
    if not isinstance(code, FoundQuery) or not isinstance(code.text, str):
        return code
    masked, keys = mask_parameters(code.text)
    text = qualify_reads(masked, schema, lambda name: name.key in views or "cbx_parameter_" in name.table)
    return replace(code, text=restore_parameters(_REPEATED.sub(r"\1", text), keys), written=code.text)
