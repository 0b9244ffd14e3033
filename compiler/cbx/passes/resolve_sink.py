"""Resolves where the rows of a sink go."""

from __future__ import annotations

from collections.abc import Callable

from cbx.declare.documents import SinkDocument
from cbx.diagnostics.source_files import Span
from cbx.passes.named_functions import name_in_notebook
from cbx.spark_spelling import value_text
from cbx.stages.declared import DeclaredModel
from cbx.stages.resolved import SinkTarget
from cbx.syntax.text import Text


def resolve_sink(model: DeclaredModel, render: Callable[[str, Span], Text]) -> SinkTarget | None:
    """Where the rows of a model go; None if it is no sink.

    Args:
        model: The model.
        render: Renders a template.
    """
    document = model.document
    if not isinstance(document, SinkDocument):
        return None
    options = tuple(
        (name, render(value_text(value), model.spans.at("options", name))) for name, value in document.options.items()
    )
    function = document.foreach_batch
    return SinkTarget(document.format, options, None if function is None else name_in_notebook(function))
