"""Parses the files of models."""

from __future__ import annotations

import warnings

from cbx.diagnostics.diagnostic import Report
from cbx.parse.python import parse_python_model
from cbx.parse.sql import parse_sql_model
from cbx.passes.read_macros import Macros
from cbx.stages.declared import Discovered, ModelFile, Parsed
from cbx.syntax.declarations import ParsedModel


def parse(discovered: Discovered, macros: Macros, report: Report) -> Parsed:
    """From texts to declarations, inputs, rendered queries and functions.

    Before: ``{{ view(key="id") }} SELECT ...``. After: a call of ``view`` with a literal at its place, and the
    query. Whatever cannot be read is reported (CBX101, CBX104, CBX105, CBX205) and omitted.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about the code of models
        variables = discovered.project.variable_names
        models = [_parse_file(file, macros, variables, report) for file in discovered.model_files]
    return Parsed(
        discovered.project,
        tuple(model for model in models if model is not None),
        discovered.known_ids,
        {file.source.path: file.source for file in discovered.model_files},
    )


def _parse_file(file: ModelFile, macros: Macros, variables: frozenset[str], report: Report) -> ParsedModel | None:
    if file.source.path.endswith(".py"):
        return parse_python_model(file.source, file.layer, file.name, report)
    return parse_sql_model(file.source, file.layer, file.name, macros.templates, variables, report)
