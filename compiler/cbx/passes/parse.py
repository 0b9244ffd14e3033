"""Parses the files of models."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from cbx.diagnostics.diagnostic import ALL_MODELS, Report
from cbx.parse.python import parse_python_model
from cbx.parse.sql import parse_sql_model
from cbx.parse.toml.parameter_file import ParameterFiles
from cbx.passes.read_macros import Macros
from cbx.stages.declared import Discovered, ModelFile, Parsed
from cbx.syntax.declarations import ParsedModel


def parse(discovered: Discovered, macros: Macros, report: Report) -> Parsed:
    """From texts to declarations, inputs, rendered queries and functions.

    Before: ``{{ view(key="id") }} SELECT ...``. After: a call of ``view`` with a literal at its place, and the
    query. Whatever cannot be read is reported (CBX101, CBX104, CBX105, CBX205, CBX240, CBX245) and omitted. A file with
    ``for_each`` is read once for each of its models, whose parameters may be in a TOML file.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about the code of models
        variables = discovered.project.variable_names
        files = [
            (file, _parse_file(file, macros, variables, discovered.parameter_files, report))
            for file in discovered.model_files
        ]
    return Parsed(
        discovered.project,
        tuple(model for _, models in files for model in models or ()),
        _known_ids(discovered.known_ids, files),
        {file.source.path: file.source for file in discovered.model_files},
    )


_ParsedFile = tuple[ModelFile, "tuple[ParsedModel, ...] | None"]


def _known_ids(by_path: frozenset[str], files: Sequence[_ParsedFile]) -> frozenset[str]:
    """The ids of all models; with ALL_MODELS, if a file may define others that cannot be read."""
    several = [(file, models) for file, models in files if file.rows is None and "each" in file.source.text]
    if not several:
        return by_path
    listed = [(file, models) for file, models in several if models is None or models[0].parameters is not None]
    named = {model.id for _, models in listed for model in models or ()}
    unnamed = {ALL_MODELS for _, models in listed if models is None}
    return (by_path - {file.id for file, _ in listed}) | named | unnamed


def _parse_file(
    file: ModelFile, macros: Macros, variables: frozenset[str], parameter_files: ParameterFiles, report: Report
) -> tuple[ParsedModel, ...] | None:
    if file.rows is not None:
        from cbx.parse.seeds.seed import parse_seed

        return parse_seed(file.source, file.rows, file.layer, file.name, report)
    read = parse_python_model if file.source.path.endswith(".py") else parse_sql_model
    return read(file.source, file.layer, file.name, macros.templates, variables, parameter_files, report)
