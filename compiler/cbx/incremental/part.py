"""Compiles some models of a project, given what is known of the others.

The same passes run over the changed models and those next to them: what they read, and the parents that these refer to.
Of the neighbours only the files are read again; their columns and keys are known. That is enough as long as nothing
changes that other models can see of a changed one, its *face*: kind, inputs, columns, keys and relationships. If a face
changes, or anything is wrong, everything is compiled: then the rest of the project has to be looked at again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from cbx.compiler import PASSES, Compilation, compile_project
from cbx.diagnostics.codes import Severity
from cbx.diagnostics.diagnostic import Diagnostic, Report, sort_diagnostics
from cbx.emit.manifest import lay_out_entry
from cbx.incremental.options import Options
from cbx.incremental.record import CompilationRecord, Remembered
from cbx.passes.discover import discover, discover_part
from cbx.passes.emit import emit
from cbx.passes.gate import gate
from cbx.passes.plan import plan
from cbx.passes.type_columns import type_columns
from cbx.stages.plan import Artifact, ModelPlan, Plan
from cbx.stages.resolved import Column, FileInput, KnownTable, Proven, PythonCode
from cbx.syntax.text import Text
from cbx.target.layout import MANIFEST, TARGET

_MOST_MODELS = 100
_MOST_NEIGHBOURS = 1000


class PartialCompilation(NamedTuple):
    """What came of compiling some models.

    Attributes:
        artifacts: The files that they change, the manifest among them.
        sources: The texts of their files, by path.
        diagnostics: Those of the whole project.
        more_expectations: How many expectations there are more than before.
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
        options: What else decides.
        record: The last compilation.
        changed: The paths of all files that changed since.
        manifest: The manifest that it made.

    Returns:
        What came of it; None where the whole project has to be compiled.
    """
    known = _Known(manifest, record.models)
    wanted = {path: known.model_at(path) for path in changed}
    ids = frozenset(name for name in wanted.values() if name is not None)
    if len(ids) < len(wanted) or not 0 < len(ids) <= _MOST_MODELS:
        return None
    neighbours = known.neighbours(ids)
    if len(neighbours) > _MOST_NEIGHBOURS:
        return None
    paths = [*wanted, *(known.entry(name)["path"] for name in neighbours)]
    tables = {name: known.table(name) for name in neighbours}
    given: Mapping[Any, Any] = {
        discover: partial(discover_part, paths=paths, known_ids=frozenset(record.models)),
        type_columns: partial(type_columns, known=tables),
        gate: partial(_gate_of_part, ids=ids),
        plan: partial(plan, only=ids),
        emit: partial(emit, only_models=True),
    }
    compilation = compile_project(
        root,
        options.environment,
        with_analysis=options.with_analysis,
        with_trace=options.with_trace,
        passes=tuple(given.get(one, one) for one in PASSES),
    )
    faces = remember(compilation)
    if not compilation.is_lasting or any(faces.get(name) != record.models[name] for name in ids):
        return None
    diagnostics = _merged(record.diagnostics, compilation.diagnostics, wanted)
    return None if diagnostics is None else _part(compilation, known, diagnostics)


def _gate_of_part(proven: Proven, report: Report, ids: frozenset[str]) -> Proven | None:
    """As `gate`; closed too where a changed model reads one that was not read before, which is then not here."""
    read = {one.model for name in ids & set(proven.models) for one in proven.models[name].model_inputs}
    return gate(proven, report) if read <= set(proven.models) else None


def remember(compilation: Compilation) -> dict[str, Remembered]:
    """What each planned model shows to others; nothing after an error."""
    if compilation.plan is None:
        return {}
    return {one.model.id: _remembered(one, compilation.plan, compilation.tables) for one in compilation.plan.models}


def _remembered(planned: ModelPlan, whole: Plan, tables: Mapping[str, KnownTable]) -> Remembered:
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
        [one.as_data() if isinstance(one, Text) else one for one in model.cdc or ()],
        [(one.model, one.is_streaming) for one in model.model_inputs],
        (model.is_streaming, any(isinstance(one, FileInput) for one in model.inputs)),
        None if columns is None else [(one.name, one.type, one.not_null, one.is_computed) for one in columns],
        (model.columns is None, sorted(table.never_null), table.is_partly_declared, whole.key_verdicts.get(model.id)),
        [(one.parent, one.child, one.on, one.cardinality, one.enforce) for one in model.claims],
        whole.further_verdicts.get(model.id, ()),
    )
    digest = hashlib.blake2b(json.dumps(face).encode(), digest_size=12).hexdigest()
    computed = tuple(one.name for one in columns or () if one.is_computed)
    return Remembered(digest, columns is not None, table.is_partly_declared, table.keys, computed)


@dataclass
class _Known:
    """The manifest of the last compilation, of which only the models are read that are asked for."""

    manifest: str
    remembered: Mapping[str, Remembered]
    _places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def model_at(self, path: str) -> str | None:
        """The model of a file; None for any other file."""
        parts = path.rpartition(".")[0].split("/")
        name = f"{parts[1]}.{parts[-1]}" if parts[0] == "models" and len(parts) > 2 else ""
        return name if name in self.remembered and self.entry(name)["path"] == path else None

    def entry(self, model: str) -> dict[str, Any]:
        """What the manifest says of a model."""
        start, end = self.place(model)
        found = json.loads("{" + self.manifest[start:end] + "}")[model]
        return dict(found)

    def place(self, model: str) -> tuple[int, int]:
        """Where the lines of a model begin and end in the manifest."""
        if model not in self._places:
            start = self.manifest.index(f'\n    "{model}": {{\n') + 1
            self._places[model] = start, self.manifest.index("\n    }", start) + len("\n    }")
        return self._places[model]

    def hash_place(self, artifact: str) -> tuple[int, int]:
        """Where the manifest says the hash of a file."""
        said = f'\n    "{TARGET}/{artifact}": "'
        start = self.manifest.rindex(said) + len(said)
        return start, self.manifest.index('"', start)

    def changed(self, pieces: Mapping[tuple[int, int], str]) -> str:
        """The manifest with other pieces in some places."""
        parts: list[str] = []
        position = 0
        for (start, end), piece in sorted(pieces.items()):
            parts += [self.manifest[position:start], piece]
            position = end
        return "".join((*parts, self.manifest[position:]))

    def neighbours(self, models: frozenset[str]) -> frozenset[str]:
        """What models read, and the parents that they and these refer to."""
        entries = [self.entry(name) for name in models]
        read = {one["model"] for entry in entries for one in entry["inputs"] if "model" in one}
        parents = {
            one["parent"] for name in models | read for one in self.entry(name)["relationships"] if one["child"] == name
        }
        return frozenset(read | parents) - models

    def table(self, model: str) -> KnownTable:
        """What is known of a model's table."""
        own = self.remembered[model]
        columns = [
            Column(
                one["name"],
                one["type"] or "",
                one["description"],
                one["not_null"],
                None if one["lineage"] is None else tuple((table, column) for table, column in one["lineage"]),
                one["name"] in own.computed,
            )
            for one in self.entry(model)["columns"]
        ]
        return KnownTable(tuple(columns) if own.has_columns else None, own.keys, own.is_partly_declared)


def _merged(
    before: Iterable[Diagnostic], now: Iterable[Diagnostic], changed: Mapping[str, object]
) -> tuple[Diagnostic, ...] | None:
    """The diagnostics of before, with those of changed files in place of the old ones; None if that cannot be told."""
    kept = [one for one in before if one.span is not None and one.span.path not in changed]
    new = [one for one in now if one.span is not None and one.span.path in changed]
    is_told = all(one.span is not None and not one.span.path.startswith("macros/") for one in (*before, *now))
    is_clean = all(one.severity is not Severity.ERROR for one in now)
    return sort_diagnostics((*kept, *new)) if is_told and is_clean else None


def _part(compilation: Compilation, known: _Known, diagnostics: tuple[Diagnostic, ...]) -> PartialCompilation:
    """The files of the changed models, and the manifest with what it says of them in the place of what it said."""
    assert compilation.plan is not None  # noqa: S101 - nothing is remembered of a compilation without one
    texts = {one.path: one.text for one in compilation.artifacts}
    entries = json.loads(texts[MANIFEST])["models"]
    pieces: dict[tuple[int, int], str] = {}
    more = 0
    for planned in compilation.plan.models:
        name = planned.model.id
        before = known.entry(name)
        now = {**entries[name], "relationships": before["relationships"]}
        more += len(now["expectations"]) - len(before["expectations"])
        pieces[known.place(name)] = lay_out_entry(name, now)
        pieces[known.hash_place(planned.artifact)] = now["artifact_hash"]
    notebooks = [Artifact(one.artifact, texts[one.artifact]) for one in compilation.plan.models]
    return PartialCompilation(
        (*notebooks, Artifact(MANIFEST, known.changed(pieces))),
        {planned.model.path: compilation.sources[planned.model.path] for planned in compilation.plan.models},
        diagnostics,
        more,
    )
