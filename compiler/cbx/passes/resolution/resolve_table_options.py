"""Resolves how a table is stored and shown."""

from __future__ import annotations

from typing import Any

from cbx.declare.documents import MaterializedViewDocument, StreamingTableDocument, TableDocument
from cbx.passes.resolution.argument_texts import ArgumentTexts
from cbx.stages.table_options import TableOptions

_AUTO = "auto"


def resolve_table_options(texts: ArgumentTexts) -> TableOptions:
    """The options of a table; for kinds without a table only those of their flow."""
    document = texts.declaration.document
    spark_conf = texts.resolve_pairs(getattr(document, "spark_conf", {}), "spark_conf")
    if not isinstance(document, TableDocument):
        return TableOptions(spark_conf=spark_conf)
    return TableOptions(
        cluster_by_auto=document.cluster_by == _AUTO,
        partition_cols=texts.resolve_names(document.partition_cols, "partition_cols") or (),
        row_filter=texts.resolve_row_filter(document.row_filter),
        spark_conf=spark_conf,
        private=document.private,
        refresh_policy=document.refresh_policy if isinstance(document, MaterializedViewDocument) else None,
        table_tags=texts.resolve_pairs(document.table_tags, "table_tags"),
        **_resolve_replacement(texts, document),
    )


def _resolve_replacement(texts: ArgumentTexts, document: TableDocument) -> dict[str, Any]:
    if not isinstance(document, StreamingTableDocument):
        return {}
    return {
        "replace_using": texts.resolve_names(document.replace_using, "replace_using") or (),
        "sequence_by": texts.render_optional(document.sequence_by, texts.span("sequence_by")),
    }
