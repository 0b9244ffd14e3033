"""Parses the files of models."""

from __future__ import annotations

import warnings

from cbx.diagnostics.diagnostic import Report
from cbx.parse.python import parse_python_model
from cbx.parse.sql import parse_sql_model
from cbx.stages.declared import ModelFile, Parsed, Prepared
from cbx.syntax.declarations import ParsedModel


def parse(prepared: Prepared, report: Report) -> Parsed:
    """From text to syntax: declarations as calls with literals, inputs, queries rendered, functions cut out.

    Before: ``{{ view(key="id") }} SELECT ...``. After: a call of ``view`` with a literal at its place, and the
    query. Whatever cannot be read is reported (CBX101, CBX104, CBX105, CBX205) and left out.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Python remarks on the code of models is theirs
        models = [_parsed(file, prepared, report) for file in prepared.model_files]
    return Parsed(
        prepared.project,
        tuple(model for model in models if model is not None),
        prepared.known_ids,
        prepared.templates,
        prepared.macro_modules,
        {one.source.path: one.source for one in prepared.model_files},
    )


def _parsed(file: ModelFile, prepared: Prepared, report: Report) -> ParsedModel | None:
    if file.source.path.endswith(".py"):
        return parse_python_model(file.source, file.layer, file.name, report)
    variables = prepared.project.variable_names
    return parse_sql_model(file.source, file.layer, file.name, prepared.templates, variables, report)
