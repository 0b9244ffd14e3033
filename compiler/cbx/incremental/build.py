"""Brings ``target/`` up to date, compiling only if something changed since the last time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cbx.diagnostics import Diagnostic
from cbx.incremental.options import Options
from cbx.incremental.record import Record, Remembered, Summary, read_record, write_record
from cbx.incremental.stamps import (
    Compared,
    Stamp,
    artifact_stamps,
    compare,
    digest,
    digest_of_text,
    seen,
    source_stamps,
    stamps_of,
)
from cbx.journal import alone, is_unfinished
from cbx.location import read_regular
from cbx.target import MANIFEST, OWN_FOLDERS, TARGET, Changes, unfinished

if TYPE_CHECKING:
    from cbx.compiler import Compilation
    from cbx.ir.plan import Plan


@dataclass(frozen=True)
class Build:
    """What was compiled, now or before, and what it means for ``target/``.

    Attributes:
        diagnostics: What is wrong or worth knowing, in the order of the places.
        model_count: How many model files there are.
        summary: What there is; None after an error.
        changes: What was changed in ``target/``, or would be; None after an error.
        could_write: Whether all of it could be.
    """

    diagnostics: tuple[Diagnostic, ...]
    model_count: int
    summary: Summary | None = None
    changes: Changes | None = None
    could_write: bool = True


def build(root: Path, options: Options, *, check: bool = False, waiting: Callable[[], object] = lambda: None) -> Build:
    """Compile a project and write what came of it; exactly what a compilation of everything says and writes.

    Args:
        root: The folder with ``project.toml``.
        options: What else decides.
        check: Write nothing, and tell what would be written.
        waiting: Is called where another compilation of the project has to end first.
    """
    with alone(root, waiting, reading=check):
        if not is_unfinished(root):
            return _build(root, options, check=check)
        if check:
            built = _build(root, options, check=True)
            return replace(built, diagnostics=(*built.diagnostics, unfinished()))
        from cbx.write import mend

        mend(root)
        return _build(root, options, check=False)


def _build(root: Path, options: Options, *, check: bool) -> Build:
    now = time.time_ns()
    stamps = source_stamps(root)
    record = _believed(root, options)
    if record is None or stamps is None:
        return _compile(root, options, stamps, now, check=check)
    sources = compare(root, stamps, record.sources, digest_of_text, now)
    artifacts = _compare_artifacts(root, record)
    changes = _changes(record, artifacts)
    is_intact = not changes.written and not changes.removed
    known = replace(record, sources=sources.same, artifacts=artifacts.same)
    if not sources.changed and (is_intact or check):
        if not check and (sources.were_read or artifacts.were_read):
            write_record(root, known)
        return Build(record.diagnostics, record.summary.models, record.summary, changes)
    built = _compile_part(root, options, known, sources.changed, stamps, now, check=check) if is_intact else None
    return built or _compile(root, options, stamps, now, check=check)


def known_manifest(root: Path, options: Options) -> str | None:
    """The text of the manifest that a compilation would make; None where only one can tell."""
    now = time.time_ns()
    stamps, record = source_stamps(root), _believed(root, options)
    if stamps is None or record is None or compare(root, stamps, record.sources, digest_of_text, now).changed:
        return None
    return _read_manifest(root, record)


def _believed(root: Path, options: Options) -> Record | None:
    """The record of the last compilation if it was made with the same options."""
    record = read_record(root)
    is_same = record is not None and record.options == (options.with_analysis, options.with_trace)
    return record if record is not None and is_same and options.environment in record.environments else None


def _read_manifest(root: Path, record: Record) -> str | None:
    """The manifest as it was compiled; None where it is not there any more."""
    try:
        content = read_regular(root / TARGET / MANIFEST)
    except OSError:
        return None
    return content.decode() if digest(content) == record.artifacts[MANIFEST].digest else None


def _compare_artifacts(root: Path, record: Record) -> Compared:
    now = time.time_ns()
    others = [path for path in record.artifacts if not path.startswith(OWN_FOLDERS)]
    return compare(root / TARGET, artifact_stamps(root, others), record.artifacts, digest, now)


def _changes(record: Record, found: Compared) -> Changes:
    return Changes(
        written=tuple(path for path in found.changed if path in record.artifacts),
        unchanged=tuple(found.same),
        removed=tuple(sorted(path for path in found.changed if path not in record.artifacts)),
    )


def _compile(root: Path, options: Options, stamps: Mapping[str, Stamp] | None, now: int, *, check: bool) -> Build:
    """Compile everything, and remember what came of it."""
    from cbx.compiler import compile_project
    from cbx.incremental.part import remember
    from cbx.write import compare as compare_all
    from cbx.write import write

    compilation = compile_project(
        root, options.environment, with_analysis=options.with_analysis, with_trace=options.with_trace
    )
    diagnostics, count = compilation.diagnostics, compilation.model_count
    if compilation.plan is None:
        return Build(diagnostics, count)
    summary = _summary(compilation.plan)
    if check:
        return Build(diagnostics, count, summary, compare_all(root, compilation.artifacts))
    changes, problems = write(root, compilation.artifacts)
    if not problems and stamps is not None and compilation.is_lasting:
        write_record(root, _record(root, options, compilation, summary, remember(compilation), stamps, now))
    return Build((*diagnostics, *problems), count, summary, changes, could_write=not problems)


def _compile_part(
    root: Path,
    options: Options,
    known: Record,
    changed: tuple[str, ...],
    stamps: Mapping[str, Stamp],
    now: int,
    *,
    check: bool,
) -> Build | None:
    """Compile what changed and keep the rest; None where that cannot be told apart."""
    from cbx.incremental.part import compile_part
    from cbx.write import replace_files

    manifest = _read_manifest(root, known)
    is_there = all(path in stamps and path.startswith("models/") for path in changed)
    part = compile_part(root, options, known, changed, manifest) if manifest is not None and is_there else None
    if part is None:
        return None
    digests = {one.path: digest(one.text.encode()) for one in part.artifacts}
    new = [one for one in part.artifacts if digests[one.path] != known.artifacts[one.path].digest]
    problems = replace_files(root, new) if not check else ()
    summary = replace(known.summary, expectations=known.summary.expectations + part.more_expectations)
    if not check and not problems:
        written = time.time_ns()
        made = stamps_of(root, [one.path for one in new])
        sources = {path: seen(stamps[path], digest(text.encode()), now) for path, text in part.sources.items()}
        files = {one.path: seen(made.get(one.path), digests[one.path], written) for one in new}
        updated = replace(known, summary=summary, diagnostics=part.diagnostics)
        updated = replace(updated, sources={**known.sources, **sources}, artifacts={**known.artifacts, **files})
        write_record(root, updated)
    names = {one.path for one in new}
    unchanged = tuple(path for path in known.artifacts if path not in names)
    changes = Changes(tuple(sorted(names)), unchanged, ())
    return Build((*part.diagnostics, *problems), summary.models, summary, changes, could_write=not problems)


def _summary(plan: Plan) -> Summary:
    verdicts = list(plan.key_verdicts.values())
    return Summary(
        project=plan.project.name,
        models=len(plan.models),
        relationships=len(plan.relationships),
        expectations=sum(len(one.model.expectations) for one in plan.models),
        proven=verdicts.count("proven"),
        unproven=verdicts.count("unproven"),
    )


def _record(
    root: Path,
    options: Options,
    compilation: Compilation,
    summary: Summary,
    models: Mapping[str, Remembered],
    stamps: Mapping[str, Stamp],
    now: int,
) -> Record:
    """What is worth knowing of a compilation next time; a file that came after the stamps were taken has none."""
    project = compilation.project
    written = time.time_ns()
    made = artifact_stamps(root, [one.path for one in compilation.artifacts if not one.path.startswith(OWN_FOLDERS)])
    return Record(
        options=(options.with_analysis, options.with_trace),
        environments=project.environment_names if project is not None else (),
        sources={
            path: seen(stamps.get(path), digest(text.encode()), now) for path, text in compilation.sources.items()
        },
        artifacts={
            one.path: seen(made.get(one.path), digest(one.text.encode()), written) for one in compilation.artifacts
        },
        models=models,
        summary=summary,
        diagnostics=compilation.diagnostics,
    )
