"""Compiles some models of a project, with what the last compilation found of the others.

The same passes run over the changed models, what they read, and the parents that these refer to. The columns and keys
of unchanged models come from the record and the manifest. The result is valid if no changed model has another *face*:
kind, inputs, columns, keys and relationships, which is all that other models depend on. If a face changes, or there is
an error, everything has to be compiled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from cbx.compiler import Compilation, ProjectPart, compile_project
from cbx.diagnostics.codes import Severity
from cbx.diagnostics.diagnostic import Diagnostic, sort_diagnostics
from cbx.emit.manifest import lay_out_entry
from cbx.emit.notebooks.data_tests import data_test_entry
from cbx.incremental.options import Options
from cbx.incremental.record import CompilationRecord, RecordedModel
from cbx.stages.inputs import FileInput
from cbx.stages.plan import Artifact, ModelPlan, Plan
from cbx.stages.resolved import KnownTable
from cbx.stages.resolved_model import Column, PythonCode
from cbx.syntax.text import Text
from cbx.target.layout import MANIFEST, TARGET

_MOST_MODELS = 100
_MOST_NEIGHBOURS = 1000


class PartialCompilation(NamedTuple):
    """The result of compiling some models.

    Attributes:
        artifacts: The notebooks of these models, and the manifest.
        sources: The texts of their files, by path.
        diagnostics: The diagnostics of the whole project.
        more_expectations: How many more expectations the project has than before.
    """

    artifacts: tuple[Artifact, ...]
    sources: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]
    more_expectations: int


def compile_part(
    root: Path, options: Options, record: CompilationRecord, changed: Iterable[str], manifest: str
) -> PartialCompilation | None:
    """Compile the models in some files.

    Args:
        root: The project's folder.
        options: The environment, and how much is analysed.
        record: The last compilation.
        changed: The paths of all files that changed since.
        manifest: The manifest of the last compilation.

    Returns:
        The result; None if the whole project has to be compiled.
    """
    recorded = _RecordedProject(manifest, record.models)
    models = {path: recorded.model_at(path) for path in changed}
    ids = frozenset(name for name in models.values() if name is not None)
    if len(ids) < len(models) or not 0 < len(ids) <= _MOST_MODELS:
        return None
    neighbours = recorded.neighbours(ids)
    if len(neighbours) > _MOST_NEIGHBOURS:
        return None
    part = ProjectPart(
        ids=ids,
        paths=(*models, *(recorded.entry(name)["path"] for name in neighbours)),
        tables={name: recorded.table(name) for name in neighbours},
        project_ids=frozenset(record.models),
    )
    compilation = compile_project(
        root,
        options.environment,
        with_analysis=options.with_analysis,
        with_trace=options.with_trace,
        part=part,
    )
    compiled = record_models(compilation)
    if not compilation.is_lasting or any(compiled.get(name) != record.models[name] for name in ids):
        return None
    diagnostics = _replace_diagnostics(record.diagnostics, compilation.diagnostics, models)
    return None if diagnostics is None else _replace_models(compilation, recorded, diagnostics)


def record_models(compilation: Compilation) -> dict[str, RecordedModel]:
    """The face of each planned model, by id.

    Empty after an error, where checks of measures are compiled, and where there are several pipelines or masks: these
    depend on more of other models than faces say. The face of a flow and of its target is their whole file, because
    each depends on the code of the other.
    """
    plan = compilation.plan
    if plan is None or plan.project.settings.compile.check_measures or plan.project.settings.pipelines:
        return {}
    if any(column.mask is not None for planned in plan.models for column in planned.model.columns or ()):
        return {}
    linked = {planned.target.id for planned in plan.models if planned.target is not None}
    return {
        planned.model.id: _record_model(planned, plan, compilation.tables, is_target=planned.model.id in linked)
        for planned in plan.models
    }


def _record_model(
    planned: ModelPlan, plan: Plan, tables: Mapping[str, KnownTable], *, is_target: bool
) -> RecordedModel:
    model, table = planned.model, tables[planned.model.id]
    columns = table.columns
    face = (
        (
            model.kind,
            model.dataset,
            model.key,
            model.further_keys,
            model.enforce,
            model.quarantine,
            isinstance(model.code, PythonCode),
        ),
        [value.as_data() if isinstance(value, Text) else value for value in model.cdc or ()],
        [(source.model, source.is_streaming) for source in model.model_inputs],
        (model.is_streaming, any(isinstance(source, FileInput) for source in model.inputs)),
        None
        if columns is None
        else [
            (column.name, column.type, column.not_null, column.is_computed, column.home, column.mask)
            for column in columns
        ],
        (model.columns is None, sorted(table.never_null), table.is_partly_declared, plan.key_verdicts.get(model.id)),
        [(claim.parent, claim.child, claim.on, claim.cardinality, claim.enforce) for claim in model.claims],
        plan.further_verdicts.get(model.id, ()),
        [data_test_entry(test) for test in planned.tests],
        *([model.options.replace_using] if model.options.replace_using else []),
        *([model.content_hash] if is_target or planned.target is not None else []),
    )
    digest = hashlib.blake2b(json.dumps(face).encode(), digest_size=12).hexdigest()
    computed = tuple(column.name for column in columns or () if column.is_computed)
    homes = tuple((column.name, column.home) for column in columns or () if column.home is not None)
    return RecordedModel(digest, columns is not None, table.is_partly_declared, table.keys, computed, homes)


@dataclass
class _RecordedProject:
    """The manifest of the last compilation; only the entries of some models are parsed."""

    manifest: str
    models: Mapping[str, RecordedModel]
    _ranges: dict[str, tuple[int, int]] = field(default_factory=dict)

    def model_at(self, path: str) -> str | None:
        """The model of a file; None for any other file, also for one that defines several models."""
        parts = path.rpartition(".")[0].split("/")
        name = f"{parts[1]}.{parts[-1]}" if parts[0] == "models" and len(parts) > 2 else ""
        entry = self.entry(name) if name in self.models else {}
        return name if entry.get("path") == path and "parameters" not in entry else None

    def entry(self, model: str) -> dict[str, Any]:
        """The entry of a model in the manifest."""
        start, end = self.range_of_entry(model)
        return dict(json.loads("{" + self.manifest[start:end] + "}")[model])

    def range_of_entry(self, model: str) -> tuple[int, int]:
        """The offsets at which the lines of a model begin and end in the manifest."""
        if model not in self._ranges:
            start = self.manifest.index(f'\n    "{model}": {{\n') + 1
            self._ranges[model] = start, self.manifest.index("\n    }", start) + len("\n    }")
        return self._ranges[model]

    def range_of_hash(self, artifact: str) -> tuple[int, int]:
        """The offsets of the hash of a file in the manifest."""
        key = f'\n    "{TARGET}/{artifact}": "'
        start = self.manifest.rindex(key) + len(key)
        return start, self.manifest.index('"', start)

    def replace_ranges(self, texts: Mapping[tuple[int, int], str]) -> str:
        """The manifest with other texts in some ranges."""
        parts: list[str] = []
        position = 0
        for (start, end), text in sorted(texts.items()):
            parts += [self.manifest[position:start], text]
            position = end
        return "".join((*parts, self.manifest[position:]))

    def neighbours(self, models: frozenset[str]) -> frozenset[str]:
        """The models that some models read, and the parents of both."""
        read = {source["model"] for name in models for source in self.entry(name)["inputs"] if "model" in source}
        parents = {
            relationship["parent"]
            for name in models | read
            for relationship in self.entry(name)["relationships"]
            if relationship["child"] == name and "table" not in relationship
        }
        return frozenset(read | parents | self._models_of_tests(models)) - models

    def _models_of_tests(self, models: frozenset[str]) -> set[str]:
        """The models that the data tests of some models read."""
        tests = (test for name in models for test in self.entry(name).get("tests", ()))
        return {model for test in tests for model in test.get("models", ())}

    def table(self, model: str) -> KnownTable:
        """The columns and keys of a model's table."""
        recorded = self.models[model]
        columns = tuple(_read_column(column, recorded) for column in self.entry(model)["columns"])
        return KnownTable(columns if recorded.has_columns else None, recorded.keys, recorded.is_partly_declared)


def _read_column(column: Mapping[str, Any], recorded: RecordedModel) -> Column:
    lineage = column["lineage"]
    return Column(
        column["name"],
        column["type"] or "",
        column["description"],
        column["not_null"],
        None if lineage is None else tuple((table, origin) for table, origin in lineage),
        column["name"] in recorded.computed,
        dict(recorded.homes).get(column["name"]),
    )


def _replace_diagnostics(
    before: Iterable[Diagnostic], now: Iterable[Diagnostic], changed: Mapping[str, object]
) -> tuple[Diagnostic, ...] | None:
    """The earlier diagnostics, those of changed files replaced; None if a diagnostic belongs to no single model."""
    paths = [diagnostic.span.path if diagnostic.span is not None else None for diagnostic in (*before, *now)]
    if any(path is None or path.startswith(("macros/", "seeds/")) for path in paths):
        return None
    if any(diagnostic.severity is Severity.ERROR for diagnostic in now):
        return None
    kept = [diagnostic for diagnostic in before if diagnostic.span and diagnostic.span.path not in changed]
    new = [diagnostic for diagnostic in now if diagnostic.span and diagnostic.span.path in changed]
    return sort_diagnostics((*kept, *new))


def _replace_models(
    compilation: Compilation, recorded: _RecordedProject, diagnostics: tuple[Diagnostic, ...]
) -> PartialCompilation:
    """The notebooks of the changed models, and the recorded manifest with their entries replaced."""
    assert compilation.plan is not None  # noqa: S101 - a model was recorded, so there is a plan
    models = compilation.plan.models
    texts = {artifact.path: artifact.text for artifact in compilation.artifacts}
    entries = json.loads(texts[MANIFEST])["models"]
    replacements: dict[tuple[int, int], str] = {}
    more_expectations = 0
    for planned in models:
        name = planned.model.id
        before = recorded.entry(name)
        entry = {**entries[name], "relationships": before["relationships"]}
        more_expectations += len(entry["expectations"]) - len(before["expectations"])
        replacements[recorded.range_of_entry(name)] = lay_out_entry(name, entry)
        replacements[recorded.range_of_hash(planned.artifact)] = entry["artifact_hash"]
    notebooks = [Artifact(planned.artifact, texts[planned.artifact]) for planned in models]
    return PartialCompilation(
        (*notebooks, Artifact(MANIFEST, recorded.replace_ranges(replacements))),
        {planned.model.path: compilation.sources[planned.model.path] for planned in models},
        diagnostics,
        more_expectations,
    )
