"""Resolves the table that the rows of a flow go to."""

from __future__ import annotations

from cbx.declare.rare_documents import FlowDocument
from cbx.passes.resolution.declaration_texts import DeclarationTexts
from cbx.stages.resolved_model import FlowTarget


def resolve_flow(texts: DeclarationTexts) -> FlowTarget | None:
    """The table of a flow; None if a model is no flow."""
    document, span = texts.declaration.document, texts.declaration.spans.at("into")
    if not isinstance(document, FlowDocument):
        return None
    return FlowTarget(texts.render_constant(document.into, span), document.once, span)
