"""Reads the files of models; many are divided among several processes."""

from __future__ import annotations

from collections.abc import Iterator

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import ALL_MODELS, Diagnostic, Related, Report
from cbx.diagnostics.source_files import Span
from cbx.passes.checks.check_credentials import check_credentials
from cbx.passes.declare import declare
from cbx.passes.parse import parse
from cbx.passes.read_macros import Macros
from cbx.passes.resolve import resolve
from cbx.processes.forked_workers import MANY_MODELS, run_in_forks
from cbx.processes.garbage_collection import collect_trees
from cbx.stages.declared import Discovered
from cbx.stages.resolved import Resolved
from cbx.stages.resolved_model import ResolvedModel

_TOGETHER = 25
"""Models that a process takes at a time."""


def read_models(discovered: Discovered, macros: Macros, report: Report) -> Resolved:
    """From the texts of models to resolved models, by the passes `parse`, `declare` and `resolve`.

    Before: the text of ``models/silver/orders.sql``. After: a `ResolvedModel` with rendered texts. What these passes
    do concerns each model alone, so that several processes can share it.
    """
    files = discovered.model_files
    if len(files) < MANY_MODELS:
        return _check_lists(_read(discovered, macros, report), report)

    def read_shard(number: int) -> tuple[tuple[ResolvedModel, ...], _ChangedIds, tuple[Diagnostic, ...]]:
        shard = files[number * _TOGETHER : (number + 1) * _TOGETHER]
        shard_report = Report()
        resolved = _read(discovered._replace(model_files=shard), macros, shard_report)
        collect_trees()
        changed_ids = resolved.known_ids - discovered.known_ids, discovered.known_ids - resolved.known_ids
        return resolved.models, changed_ids, shard_report.sorted_diagnostics()

    models: list[ResolvedModel] = []
    known_ids = discovered.known_ids
    for shard_models, (new_ids, not_ids), diagnostics in run_in_forks(read_shard, -(-len(files) // _TOGETHER)):
        models += shard_models
        known_ids = (known_ids - not_ids) | new_ids
        report.extend(diagnostics)
    return _check_lists(Resolved(discovered.project, tuple(models), known_ids), report)


_ChangedIds = tuple[frozenset[str], frozenset[str]]
"""The ids of models that no path has, and those of paths that no model has."""


def _check_lists(resolved: Resolved, report: Report) -> Resolved:
    """Report models of one id (CBX203), and note what differs between the models of each file with ``for_each``."""
    listed = [model for model in resolved.models if model.parameters is not None]
    if not listed:
        return resolved
    words: dict[str, set[str]] = {}
    for model in listed:
        words.setdefault(model.path, set()).update(_own_words(model))
    report.varying_words = {path: tuple(sorted(own, key=len, reverse=True)) for path, own in words.items()}
    first: dict[str, ResolvedModel] = {}
    for model in sorted(resolved.models, key=lambda model: model.parameters is not None):
        earlier = first.setdefault(model.id.lower(), model)
        if earlier is not model:
            _report_collision(model, earlier, report)
    unnamed = frozenset([ALL_MODELS] if len(first) < len(resolved.models) else ())
    return resolved._replace(models=tuple(first.values()), known_ids=resolved.known_ids | unnamed)


def _own_words(model: ResolvedModel) -> Iterator[str]:
    """What a message about a model may say that messages about its siblings do not."""
    yield model.name
    for _, value in model.parameters.values if model.parameters is not None else ():
        yield from (str(item) for item in (value if isinstance(value, tuple) else (value,)) if item != "")


def _place(model: ResolvedModel) -> Span:
    return model.parameters.span if model.parameters is not None else model.spans.at()


def _report_collision(model: ResolvedModel, earlier: ResolvedModel, report: Report) -> None:
    reason = "" if earlier.id == model.id else ", which differs only by upper and lower case"
    report.add(
        codes.DUPLICATE_MODEL,
        f"`{model.id}` is defined twice: `{earlier.path}` defines `{earlier.id}`{reason}",
        _place(model),
        hint="let `name` use parameters that differ",
        related=[Related("the first", _place(earlier))],
    )


def _read(discovered: Discovered, macros: Macros, report: Report) -> Resolved:
    parsed = parse(discovered, macros, report)
    declared = declare(parsed, report)
    check_credentials(declared, report)
    return resolve(declared, macros, report)
