"""Parses the files of models."""

from __future__ import annotations

from cbx.diagnostics import Report
from cbx.ir.declared import Parsed, Prepared
from cbx.parse.python import parse_python_model
from cbx.parse.sql import parse_sql_model


def parse(prepared: Prepared, report: Report) -> Parsed:
    """From text to syntax: declarations as calls with literals, inputs, queries rendered, functions cut out.

    Before: ``{{ view(key="id") }} SELECT ...``. After: a call of ``view`` with a literal at its place, and the
    query. Whatever cannot be read is reported (CBX101, CBX104, CBX105, CBX205) and left out.
    """
    variables = prepared.project.variable_names
    models = []
    for file in prepared.model_files:
        if file.source.path.endswith(".py"):
            model = parse_python_model(file.source, file.layer, file.name, report)
        else:
            model = parse_sql_model(file.source, file.layer, file.name, prepared.templates, variables, report)
        if model is not None:
            models.append(model)
    return Parsed(
        prepared.project,
        tuple(models),
        prepared.known_ids,
        prepared.templates,
        prepared.macro_modules,
        {one.source.path: one.source for one in prepared.model_files},
    )
