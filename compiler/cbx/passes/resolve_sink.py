"""Resolves where the rows of a sink go."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cbx.declare.documents import SinkDocument
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import Span
from cbx.passes.inline_macros import inline_macros
from cbx.passes.named_functions import check_function_name, function_alone, need_function
from cbx.passes.read_macros import Macros
from cbx.spark_spelling import value_text
from cbx.stages.declared import DeclaredModel
from cbx.stages.resolved import SinkTarget
from cbx.syntax.declarations import PythonFunction, SqlQuery
from cbx.syntax.text import Text

Render = Callable[[str, Span], Text]


def resolve_sink(
    model: DeclaredModel, macros: Macros, variables: frozenset[str], render: Render, report: Report
) -> tuple[SinkTarget | None, PythonFunction | SqlQuery]:
    """The target of a model's rows, and the model's code, which also needs the function for micro-batches.

    Args:
        model: The model; one that is no sink has no target.
        macros: The macros.
        variables: The variables that have a value somewhere.
        render: Renders a template.
        report: Where problems go: CBX103 and CBX205 for the function.
    """
    document = model.document
    if not isinstance(document, SinkDocument):
        return None, model.code
    options = _render_options(document.options, model, render)
    function, span = document.foreach_batch, model.spans.at("foreach_batch")
    name = None if function is None else check_function_name(function, model.code, macros.modules, span, report)
    target = SinkTarget(document.format, options, name or function, None)
    if function is None or name is None:
        return target, model.code
    if isinstance(model.code, PythonFunction):
        return target, need_function(model.code, function, span)
    code = inline_macros(function_alone(function, span), "", macros.modules, variables, report)
    return target._replace(code=code), model.code


def _render_options(
    options: Mapping[str, object], model: DeclaredModel, render: Render
) -> tuple[tuple[str, Text], ...]:
    return tuple((name, render(value_text(value), model.spans.at("options", name))) for name, value in options.items())
