"""Updates ``target/``; compiles only what changed since the last compilation."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cbx.diagnostics.diagnostic import Diagnostic, read_sources
from cbx.files.bounded_read import read_regular
from cbx.incremental.options import Options
from cbx.incremental.record import (
    CompilationRecord,
    Summary,
    is_large,
    read_manifest,
    read_record,
    write_record,
)
from cbx.incremental.stamps import (
    FileChanges,
    RecordedFiles,
    Stamp,
    artifact_stamps,
    digest,
    digest_of_text,
    find_changes,
    manifest_stamps,
    source_stamps,
    stamp_if_at_rest,
    stamp_of,
    stamps_of,
)
from cbx.processes.forked_workers import run_in_forks
from cbx.target.atomic_change import is_change_pending, lock_target
from cbx.target.layout import MANIFEST, TARGET, TargetChanges, interrupted_change

if TYPE_CHECKING:
    from cbx.compiler import Compilation
    from cbx.incremental.part import PartialCompilation
    from cbx.stages.plan import Plan


class Build(NamedTuple):
    """The result of updating ``target/``.

    Attributes:
        diagnostics: The problems and remarks, in the order of their spans.
        model_count: How many model files there are.
        summary: The counts; None after an error.
        changes: The files in ``target/`` that were changed, or would be; None after an error.
        could_write: Whether all changes could be written.
        sources: The texts that were compiled now, by path.
        digests: Hashes of the texts that were compiled earlier, by path.
    """

    diagnostics: tuple[Diagnostic, ...]
    model_count: int
    summary: Summary | None = None
    changes: TargetChanges | None = None
    could_write: bool = True
    sources: Mapping[str, str] = {}
    digests: Mapping[str, str] = {}

    def texts(self, root: Path, diagnostics: Iterable[Diagnostic]) -> dict[str, str]:
        """The texts that diagnostics point into: those that were compiled, even if the files have changed since."""

        def is_same(path: str, text: str) -> bool:
            return digest(text.encode()) == self.digests.get(path)

        compiled_earlier = read_sources(root, diagnostics, is_same) if self.digests else {}
        return {**compiled_earlier, **self.sources}


class _State(NamedTuple):
    """The state of a project's folder before a compilation.

    Attributes:
        now: The time, in nanoseconds, before the stamps were taken.
        sources: The stamps of the project's files; None if there are symbolic links.
        artifacts: The stamps of the files in ``target/``.
        record: The record of the last compilation with the same options.
    """

    now: int
    sources: Mapping[str, Stamp] | None
    artifacts: Mapping[str, Stamp]
    record: CompilationRecord | None


def build(root: Path, options: Options, *, check: bool = False, waiting: Callable[[], object] = lambda: None) -> Build:
    """Compile a project and write ``target/``; the result is the same as that of compiling everything.

    Args:
        root: The folder with ``project.toml``.
        options: The environment, and how much is analysed.
        check: Do not write; return what would be written.
        waiting: Called before waiting for another compilation of the same project.
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


def build_unchanged(root: Path, options: Options) -> Build | None:
    """The result of updating ``target/``, if that would change nothing; None if the project has to be compiled.

    Args:
        root: The folder with ``project.toml``.
        options: The environment, and how much is analysed.
    """
    with lock_target(root, lambda: None, reading=True):
        if is_change_pending(root):
            return None
        state = _read_state(root, options)
        comparison = _compare(root, state)
        if state.record is None or comparison is None or comparison.changed or not comparison.is_intact:
            return None
        return _recorded_build(state.record, comparison)


def compile_and_record(
    root: Path, options: Options, before_writing: Callable[[Compilation], object], waiting: Callable[[], object]
) -> tuple[Compilation, tuple[Diagnostic, ...]]:
    """Compile everything and write ``target/``, for a command that needs the compilation itself.

    Args:
        root: The folder with ``project.toml``.
        options: The environment, and how much is analysed.
        before_writing: Is called with the compilation before ``target/`` changes.
        waiting: Called before waiting for another compilation of the same project.

    Returns:
        The compilation, and CBX003 if it could not be written. After an error nothing is written.
    """
    from cbx.compiler import compile_project
    from cbx.target.write import write_target

    with lock_target(root, waiting):
        state = _read_state(root, options)
        compilation = compile_project(
            root, options.environment, with_analysis=options.with_analysis, with_trace=options.with_trace
        )
        before_writing(compilation)
        if compilation.plan is None:
            return compilation, ()
        _, problems = write_target(root, compilation.artifacts)
        if not problems:
            _record(root, options, state, compilation, _summary(compilation.plan))
        return compilation, problems


def _build(root: Path, options: Options, *, check: bool) -> Build:
    state = _read_state(root, options)
    comparison = _compare(root, state)
    if state.record is None or comparison is None:
        return _compile(root, options, state, check=check)
    touched, is_intact = comparison.touched, comparison.is_intact
    if not comparison.changed and (is_intact or check):
        if not check and touched is not state.record:
            write_record(root, touched)
        return _recorded_build(state.record, comparison)
    built = _compile_part(root, options, state, touched, comparison.changed, check=check) if is_intact else None
    return built or _compile(root, options, state, check=check)


class _RecordComparison(NamedTuple):
    """How the files of a project differ from the record.

    Attributes:
        changed: The sources that have changed.
        target: What a compilation of the recorded sources would change in ``target/``.
        touched: The record with new stamps of files whose content is the same.
    """

    changed: tuple[str, ...]
    target: TargetChanges
    touched: CompilationRecord

    @property
    def is_intact(self) -> bool:
        """Whether ``target/`` is as it was written."""
        return not self.target.written and not self.target.removed


def _compare(root: Path, state: _State) -> _RecordComparison | None:
    """Compare the files with the record; None if there is no record, or there are symbolic links."""
    record = state.record
    if record is None or state.sources is None:
        return None
    sources = find_changes(root, state.sources, record.sources, digest_of_text, state.now)
    artifacts = find_changes(root / TARGET, state.artifacts, record.artifacts, digest, state.now)
    touched = record
    if sources.touched or artifacts.touched:
        touched = record._replace(
            sources=record.sources.update(sources.touched), artifacts=record.artifacts.update(artifacts.touched)
        )
    return _RecordComparison(sources.changed, _target_changes(record, artifacts), touched)


def _recorded_build(record: CompilationRecord, comparison: _RecordComparison) -> Build:
    """The result of the last compilation, whose sources are the same."""
    summary, digests = record.summary, record.sources.digests
    return Build(record.diagnostics, summary.models, summary, comparison.target, digests=digests)


def _read_state(root: Path, options: Options) -> _State:
    """Read the record and the stamps of all files; in two processes if the project is large."""
    now = time.time_ns()

    def read(number: int) -> Any:
        return artifact_stamps(root) if number else _read_sources(root, options)

    (sources, record), artifacts = run_in_forks(read, 2) if is_large(root) else map(read, range(2))
    return _State(now, sources, artifacts, record)


def _read_sources(root: Path, options: Options) -> tuple[Mapping[str, Stamp] | None, CompilationRecord | None]:
    """The stamps of the files of a compilation, and the record of the last one, which names manifests of others."""
    stamps, record = source_stamps(root), _read_matching_record(root, options)
    if stamps is not None and record is not None:
        stamps |= manifest_stamps(root, record.sources.digests)
    return stamps, record


def up_to_date_manifest(root: Path, options: Options) -> str | None:
    """The text of the manifest in ``target/``; None if a compilation might change it."""
    now = time.time_ns()
    stamps, record = _read_sources(root, options)
    if stamps is None or record is None:
        return None
    if find_changes(root, stamps, record.sources, digest_of_text, now).changed:
        return None
    return read_manifest(root, record)


def _read_matching_record(root: Path, options: Options) -> CompilationRecord | None:
    """The record of the last compilation, if it had the same options."""
    record = read_record(root)
    is_same = record is not None and record.options == (options.with_analysis, options.with_trace)
    return record if record is not None and is_same and options.environment in record.environments else None


def _target_changes(record: CompilationRecord, artifacts: FileChanges) -> TargetChanges:
    """What a compilation of the recorded sources would change in ``target/``."""
    recorded, changed = record.artifacts.digests, frozenset(artifacts.changed)
    return TargetChanges(
        written=tuple(path for path in artifacts.changed if path in recorded),
        unchanged=tuple(path for path in recorded if path not in changed),
        removed=tuple(sorted(path for path in artifacts.changed if path not in recorded)),
    )


def _compile(root: Path, options: Options, state: _State, *, check: bool) -> Build:
    """Compile everything, write it, and record it."""
    from cbx.compiler import compile_project
    from cbx.incremental.check_tracing import check_tracing
    from cbx.target.write import compare_target, write_target

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
        return Build(diagnostics, count, summary, compare_target(root, compilation.artifacts), sources=sources)
    changes, problems = write_target(root, compilation.artifacts)
    if not problems:
        _record(root, options, state, compilation, summary)
    return Build((*diagnostics, *problems), count, summary, changes, could_write=not problems, sources=sources)


def _record(root: Path, options: Options, state: _State, compilation: Compilation, summary: Summary) -> None:
    """Record a compilation that was written, if the same files would be compiled to the same again."""
    if state.sources is not None and compilation.is_lasting:
        write_record(root, _new_record(root, options, state, compilation, summary))


def _compile_part(
    root: Path,
    options: Options,
    state: _State,
    record: CompilationRecord,
    changed: tuple[str, ...],
    *,
    check: bool,
) -> Build | None:
    """Compile the changed models and keep the rest; None if everything has to be compiled."""
    from cbx.incremental.part import compile_part
    from cbx.target.write import replace_files

    stamps = state.sources or {}
    are_models = all(
        path in stamps and path.startswith("models/") and path.endswith((".py", ".sql")) for path in changed
    )
    manifest = _read_manifest(root, state.artifacts.get(MANIFEST)) if are_models else None
    part = compile_part(root, options, record, changed, manifest) if manifest is not None else None
    if part is None:
        return None
    digests = {artifact.path: digest(artifact.text.encode()) for artifact in part.artifacts}
    new = [artifact for artifact in part.artifacts if digests[artifact.path] != record.artifacts.digests[artifact.path]]
    new_paths = {artifact.path for artifact in new}
    problems = replace_files(root, new) if not check else ()
    summary = record.summary._replace(expectations=record.summary.expectations + part.more_expectations)
    if not check and not problems:
        updated = _updated_record(root, state, record, part, new_paths, digests)
        write_record(root, updated._replace(summary=summary, diagnostics=part.diagnostics))
    unchanged = tuple(path for path in record.artifacts.digests if path not in new_paths)
    changes = TargetChanges(tuple(sorted(new_paths)), unchanged, ())
    return Build(
        (*part.diagnostics, *problems),
        summary.models,
        summary,
        changes,
        could_write=not problems,
        sources=part.sources,
        digests=record.sources.digests,
    )


def _updated_record(
    root: Path,
    state: _State,
    record: CompilationRecord,
    part: PartialCompilation,
    new_paths: set[str],
    digests: Mapping[str, str],
) -> CompilationRecord:
    """The record with the stamps and hashes of the files that were read and written."""
    written = time.time_ns()
    stamps, new_stamps = state.sources or {}, stamps_of(root, new_paths)
    sources = record.sources.update(
        {path: stamp_if_at_rest(stamps[path], state.now) for path in part.sources},
        {path: digest(text.encode()) for path, text in part.sources.items()},
    )
    artifacts = record.artifacts.update(
        {path: stamp_if_at_rest(new_stamps.get(path), written) for path in new_paths}, digests
    )
    return record._replace(sources=sources, artifacts=artifacts)


def _read_manifest(root: Path, stamp: Stamp | None) -> str | None:
    """The text of the manifest; None if the file does not have this stamp any more."""
    path = root / TARGET / MANIFEST
    try:
        content = read_regular(path)
        return content.decode() if stamp_of(path.lstat()) == stamp else None
    except (OSError, UnicodeError):
        return None


def _summary(plan: Plan) -> Summary:
    verdicts = [*plan.key_verdicts.values(), *itertools.chain.from_iterable(plan.further_verdicts.values())]
    return Summary(
        project=plan.project.name,
        models=len(plan.models),
        relationships=len(plan.relationships),
        expectations=sum(len(planned.model.expectations) for planned in plan.models),
        proven=verdicts.count("proven"),
        unproven=len(verdicts) - verdicts.count("proven"),
        undeclared=len(plan.models) - len(plan.key_verdicts.keys() | plan.further_verdicts.keys()),
    )


def _new_record(
    root: Path, options: Options, state: _State, compilation: Compilation, summary: Summary
) -> CompilationRecord:
    """The record of a compilation that was written; a file that was added after `_read_state` gets no stamp."""
    from cbx.incremental.part import record_models

    project, stamps = compilation.project, state.sources or {}
    written = time.time_ns()
    new_stamps = artifact_stamps(root)
    return CompilationRecord(
        options=(options.with_analysis, options.with_trace),
        environments=project.environment_names if project is not None else (),
        sources=RecordedFiles(
            {path: stamp_if_at_rest(stamps.get(path), state.now) for path in compilation.sources},
            {path: digest(text.encode()) for path, text in compilation.sources.items()},
        ),
        artifacts=RecordedFiles(
            {path: stamp_if_at_rest(new_stamps.get(path), written) for path in compilation.hashes}, compilation.hashes
        ),
        models=record_models(compilation),
        summary=summary,
        diagnostics=compilation.diagnostics,
    )
