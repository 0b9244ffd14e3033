"""Resolves where the rows of a sink go."""

from __future__ import annotations

from cbx.declare.rare_documents import SinkDocument
from cbx.passes.resolution.code.named_functions import name_in_notebook
from cbx.passes.resolution.declaration_texts import DeclarationTexts
from cbx.spark_spelling import value_text
from cbx.stages.resolved_model import SinkTarget


def resolve_sink(texts: DeclarationTexts) -> SinkTarget | None:
    """Where the rows of a model go, with rendered texts; None if it is no sink."""
    document, spans = texts.declaration.document, texts.declaration.spans
    if not isinstance(document, SinkDocument):
        return None
    options = tuple(
        (
            texts.render_constant(name, spans.at("options", name, "key")),
            texts.render_option(value_text(value), spans.at("options", name)),
        )
        for name, value in document.options.items()
    )
    function = document.foreach_batch
    return SinkTarget(document.format, options, None if function is None else name_in_notebook(function))
