"""Resolves the declared columns of a model."""

from __future__ import annotations

from sys import intern

from cbx.analysis.facts import ColumnHome
from cbx.declare.documents import ColumnDocument
from cbx.passes.resolution.argument_texts import ArgumentTexts
from cbx.stages.resolved_model import Column


def resolve_columns(texts: ArgumentTexts) -> tuple[Column, ...] | None:
    """The declared columns; None if there are none. CBX103 for types that are none, and for repeated names."""
    document = texts.declaration.document
    if document.columns is None or "columns" in texts.declaration.unread:
        return None
    columns = tuple(_resolve_column(texts, name, column) for name, column in document.columns.items())
    written = [*document.columns]
    texts.drop_repeated_names(
        [column.name for column in columns], lambda number: texts.span("columns", written[number], "key")
    )
    return columns


def _resolve_column(texts: ArgumentTexts, name: str, column: str | ColumnDocument) -> Column:
    own_name = intern(texts.render_constant(name, texts.span("columns", name, "key")) if "{" in name else name)
    if isinstance(column, str):
        return Column(own_name, texts.resolve_type(column, texts.span("columns", name)))
    return Column(
        own_name,
        texts.resolve_type(column.type, texts.span("columns", name, "type")),
        texts.render_optional(column.description, texts.span("columns", name, "description")),
        column.not_null,
        home=ColumnHome(measure=column.measure) if column.measure is not None else None,
        mask=texts.resolve_mask(column.mask, "columns", name, "mask"),
        tags=texts.resolve_pairs(column.tags, "columns", name, "tags"),
    )
