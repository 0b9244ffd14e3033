"""The part of a notebook that sends rows to a sink."""

from __future__ import annotations

from cbx.emit.literals import string_literal, text_literal
from cbx.emit.notebooks.cells import api_name, call, dict_literal, dict_of_expressions
from cbx.project.dataset_names import sink_flow
from cbx.project.settings import Project
from cbx.stages.resolved_model import ResolvedModel, SinkTarget


def emit_sink(model: ResolvedModel, sink: SinkTarget, project: Project, function: str) -> str:
    """The definition of a sink; ``function`` is a free name for the function that takes micro-batches."""
    api, name = api_name(project), string_literal(model.dataset)
    if sink.function is not None:
        decorator = f"@{api}.foreach_batch_sink(name={name})"
        return f"{decorator}\ndef {function}(rows, number):\n    {sink.function}(rows, number)"
    arguments = [("name", name), ("format", string_literal(sink.format or ""))]
    if sink.options:
        options = [(option, text_literal(value, project.name)) for option, value in sink.options]
        arguments.append(("options", dict_of_expressions(options)))
    return call(f"{api}.create_sink", arguments)


def emit_flow(model: ResolvedModel, project: Project, definition: str) -> str:
    """The flow of a model's rows into its sink, given the definition of the function that computes them."""
    arguments = [
        ("target", string_literal(model.dataset)),
        ("name", string_literal(sink_flow(model.dataset))),
    ]
    if model.options.spark_conf:
        arguments.append(("spark_conf", dict_literal(model.options.spark_conf)))
    return call(f"@{api_name(project)}.append_flow", arguments) + f"\n{definition}"
