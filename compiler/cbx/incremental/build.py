"""Brings ``target/`` up to date, compiling only if something changed since the last time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cbx.diagnostics.diagnostic import Diagnostic, read_sources
from cbx.files.bounded_read import read_regular
from cbx.incremental.options import Options
from cbx.incremental.record import (
    CompilationRecord,
    Remembered,
    Summary,
    is_large,
    read_manifest,
    read_record,
    write_record,
)
from cbx.incremental.stamps import (
    FileChanges,
    Seen,
    Stamp,
    artifact_stamps,
    at_rest,
    compare,
    digest,
    digest_of_text,
    source_stamps,
    stamp_of,
    stamps_of,
)
from cbx.processes.forked_workers import in_copies
from cbx.target.atomic_change import is_change_pending, lock_target
from cbx.target.layout import MANIFEST, TARGET, TargetChanges, interrupted_change

if TYPE_CHECKING:
    from cbx.compiler import Compilation
    from cbx.stages.plan import Plan


class Build(NamedTuple):
    """What was compiled, now or before, and what it means for ``target/``.

    Attributes:
        diagnostics: What is wrong or worth knowing, in the order of the places.
        model_count: How many model files there are.
        summary: What there is; None after an error.
        changes: What was changed in ``target/``, or would be; None after an error.
        could_write: Whether all of it could be.
        sources: The texts that were compiled now, by path.
        digests: Hashes of the texts that were compiled before, by path.
    """

    diagnostics: tuple[Diagnostic, ...]
    model_count: int
    summary: Summary | None = None
    changes: TargetChanges | None = None
    could_write: bool = True
    sources: Mapping[str, str] = {}
    digests: Mapping[str, str] = {}

    def texts(self, root: Path, diagnostics: Iterable[Diagnostic]) -> dict[str, str]:
        """What diagnostics point into: the texts that were compiled, even if the files have changed since."""

        def is_same(path: str, text: str) -> bool:
            return digest(text.encode()) == self.digests.get(path)

        before = read_sources(root, diagnostics, is_same) if self.digests else {}
        return {**before, **self.sources}


class _Before(NamedTuple):
    """What there was before anything was compiled.

    Attributes:
        now: The time, in nanoseconds, before the stamps were taken.
        sources: The stamps of the project's files; None where links make them hard to tell.
        artifacts: The stamps of the files in ``target/``.
        record: The last compilation, if it was made with the same options.
    """

    now: int
    sources: Mapping[str, Stamp] | None
    artifacts: Mapping[str, Stamp]
    record: CompilationRecord | None


def build(root: Path, options: Options, *, check: bool = False, waiting: Callable[[], object] = lambda: None) -> Build:
    """Compile a project and write what came of it; exactly what a compilation of everything says and writes.

    Args:
        root: The folder with ``project.toml``.
        options: What else decides.
        check: Write nothing, and tell what would be written.
        waiting: Is called where another compilation of the project has to end first.
    """
    with lock_target(root, waiting, reading=check):
        if not is_change_pending(root):
            return _build(root, options, check=check)
        if check:
            built = _build(root, options, check=True)
            return built._replace(diagnostics=(*built.diagnostics, interrupted_change()))
        from cbx.target.write import finish_interrupted_change

        finish_interrupted_change(root)
        return _build(root, options, check=False)


def _build(root: Path, options: Options, *, check: bool) -> Build:
    before = _look(root, options)
    record = before.record
    if record is None or before.sources is None:
        return _compile(root, options, before, check=check)
    sources = compare(root, before.sources, record.sources, digest_of_text, before.now)
    artifacts = compare(root / TARGET, before.artifacts, record.artifacts, digest, before.now)
    changes = _changes(record, artifacts)
    is_intact = not changes.written and not changes.removed
    known = record._replace(
        sources=record.sources.updated(sources.touched),
        artifacts=record.artifacts.updated(artifacts.touched),
    )
    if not sources.changed and (is_intact or check):
        if not check and (sources.touched or artifacts.touched):
            write_record(root, known)
        digests = record.sources.digests
        return Build(record.diagnostics, record.summary.models, record.summary, changes, digests=digests)
    built = _compile_part(root, options, before, known, sources.changed, check=check) if is_intact else None
    return built or _compile(root, options, before, check=check)


def _look(root: Path, options: Options) -> _Before:
    """Look at the project's files and the record, and at ``target/``; where there is much, by two processes."""
    now = time.time_ns()

    def part(number: int) -> Any:
        return artifact_stamps(root) if number else (source_stamps(root), _believed(root, options))

    (sources, record), artifacts = in_copies(part, 2) if is_large(root) else map(part, range(2))
    return _Before(now, sources, artifacts, record)


def known_manifest(root: Path, options: Options) -> str | None:
    """The text of the manifest that a compilation would make; None where only one can tell."""
    now = time.time_ns()
    stamps, record = source_stamps(root), _believed(root, options)
    if stamps is None or record is None or compare(root, stamps, record.sources, digest_of_text, now).changed:
        return None
    return read_manifest(root, record)


def _believed(root: Path, options: Options) -> CompilationRecord | None:
    """The record of the last compilation if it was made with the same options."""
    record = read_record(root)
    is_same = record is not None and record.options == (options.with_analysis, options.with_trace)
    return record if record is not None and is_same and options.environment in record.environments else None


def _changes(record: CompilationRecord, found: FileChanges) -> TargetChanges:
    known, changed = record.artifacts.digests, frozenset(found.changed)
    return TargetChanges(
        written=tuple(path for path in found.changed if path in known),
        unchanged=tuple(path for path in known if path not in changed),
        removed=tuple(sorted(path for path in found.changed if path not in known)),
    )


def _compile(root: Path, options: Options, before: _Before, *, check: bool) -> Build:
    """Compile everything, and remember what came of it."""
    from cbx.compiler import compile_project
    from cbx.incremental.part import remember
    from cbx.incremental.tracing_here import check_tracing
    from cbx.target.write import compare_target as compare_all
    from cbx.target.write import write_target

    compilation = compile_project(
        root, options.environment, with_analysis=options.with_analysis, with_trace=options.with_trace
    )
    diagnostics, count, sources = compilation.diagnostics, compilation.model_count, compilation.sources
    if compilation.plan is None:
        return Build(diagnostics, count, sources=sources)
    problems = check_tracing(root, compilation)
    if problems:
        return Build((*diagnostics, *problems), count, sources=sources)
    summary = _summary(compilation.plan)
    if check:
        return Build(diagnostics, count, summary, compare_all(root, compilation.artifacts), sources=sources)
    changes, problems = write_target(root, compilation.artifacts)
    if not problems and before.sources is not None and compilation.is_lasting:
        write_record(root, _record(root, options, before, compilation, summary, remember(compilation)))
    return Build((*diagnostics, *problems), count, summary, changes, could_write=not problems, sources=sources)


def _compile_part(
    root: Path,
    options: Options,
    before: _Before,
    known: CompilationRecord,
    changed: tuple[str, ...],
    *,
    check: bool,
) -> Build | None:
    """Compile what changed and keep the rest; None where that cannot be told apart."""
    from cbx.incremental.part import compile_part
    from cbx.target.write import replace_files

    stamps = before.sources or {}
    is_there = all(path in stamps and path.startswith("models/") and path.endswith((".py", ".sql")) for path in changed)
    manifest = _manifest_of(root, before.artifacts.get(MANIFEST)) if is_there else None
    part = compile_part(root, options, known, changed, manifest) if manifest is not None else None
    if part is None:
        return None
    digests = {one.path: digest(one.text.encode()) for one in part.artifacts}
    new = [one for one in part.artifacts if digests[one.path] != known.artifacts.digests[one.path]]
    problems = replace_files(root, new) if not check else ()
    summary = known.summary._replace(expectations=known.summary.expectations + part.more_expectations)
    if not check and not problems:
        written = time.time_ns()
        made = stamps_of(root, [one.path for one in new])
        sources = known.sources.updated(
            {path: at_rest(stamps[path], before.now) for path in part.sources},
            {path: digest(text.encode()) for path, text in part.sources.items()},
        )
        files = known.artifacts.updated({one.path: at_rest(made.get(one.path), written) for one in new}, digests)
        updated = known._replace(sources=sources, artifacts=files, summary=summary, diagnostics=part.diagnostics)
        write_record(root, updated)
    names = {one.path for one in new}
    unchanged = tuple(path for path in known.artifacts.digests if path not in names)
    changes = TargetChanges(tuple(sorted(names)), unchanged, ())
    return Build(
        (*part.diagnostics, *problems),
        summary.models,
        summary,
        changes,
        could_write=not problems,
        sources=part.sources,
        digests=known.sources.digests,
    )


def _manifest_of(root: Path, seen: Stamp | None) -> str | None:
    """The text of the manifest; None unless it still is the file that was seen."""
    path = root / TARGET / MANIFEST
    try:
        content = read_regular(path)
        return content.decode() if stamp_of(path.lstat()) == seen else None
    except (OSError, UnicodeError):
        return None


def _summary(plan: Plan) -> Summary:
    verdicts = [*plan.key_verdicts.values(), *(one for given in plan.further_verdicts.values() for one in given)]
    return Summary(
        project=plan.project.name,
        models=len(plan.models),
        relationships=len(plan.relationships),
        expectations=sum(len(one.model.expectations) for one in plan.models),
        proven=verdicts.count("proven"),
        unproven=len(verdicts) - verdicts.count("proven"),
        undeclared=len(plan.models) - len(plan.key_verdicts.keys() | plan.further_verdicts.keys()),
    )


def _record(
    root: Path,
    options: Options,
    before: _Before,
    compilation: Compilation,
    summary: Summary,
    models: Mapping[str, Remembered],
) -> CompilationRecord:
    """What is worth knowing of a compilation next time; a file that came after the stamps were taken has none."""
    project, stamps = compilation.project, before.sources or {}
    written = time.time_ns()
    made = artifact_stamps(root)
    return CompilationRecord(
        options=(options.with_analysis, options.with_trace),
        environments=project.environment_names if project is not None else (),
        sources=Seen(
            {path: at_rest(stamps.get(path), before.now) for path in compilation.sources},
            {path: digest(text.encode()) for path, text in compilation.sources.items()},
        ),
        artifacts=Seen({path: at_rest(made.get(path), written) for path in compilation.hashes}, compilation.hashes),
        models=models,
        summary=summary,
        diagnostics=compilation.diagnostics,
    )
