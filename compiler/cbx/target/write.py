"""Writes files to ``target/``; nothing else does."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Diagnostic, Report
from cbx.stages.plan import Artifact
from cbx.target.atomic_change import change_files
from cbx.files.bounded_read import read_regular
from cbx.diagnostics.source_files import Span
from cbx.target.layout import OWN_FILES, OWN_FOLDERS, TARGET, TargetChanges


def compare_target(root: Path, artifacts: Iterable[Artifact]) -> TargetChanges:
    """What `write_target` would change; nothing is written."""
    target = root / TARGET
    existing = _own_files(target)
    candidates = {*existing, *OWN_FILES}
    written: list[str] = []
    unchanged: list[str] = []
    for artifact in artifacts:
        same = artifact.path in candidates and _read(target / artifact.path) == artifact.text.encode()
        (unchanged if same else written).append(artifact.path)
    compiled = {*written, *unchanged}
    removed = [path for path in existing if path not in compiled]
    return TargetChanges(tuple(written), tuple(unchanged), tuple(removed))


def write_target(root: Path, artifacts: tuple[Artifact, ...]) -> tuple[TargetChanges, tuple[Diagnostic, ...]]:
    """Write a compilation to ``target/``.

    Everything is written or nothing, also if the process is killed. Unchanged files are not touched; files in
    ``notebooks/`` and ``transformations/`` without a model are removed.

    Returns:
        What was changed, and CBX003 if it could not be written.
    """
    report = Report()
    _change(root, (), (), report)
    changes = compare_target(root, artifacts)
    if not len(report):
        written = frozenset(changes.written)
        _change(root, [artifact for artifact in artifacts if artifact.path in written], changes.removed, report)
        _remove_empty_folders(root / TARGET)
    return changes, report.sorted_diagnostics()


def replace_files(root: Path, artifacts: Iterable[Artifact]) -> tuple[Diagnostic, ...]:
    """Replace some files of ``target/``; CBX003 if they cannot be written."""
    report = Report()
    _change(root, artifacts, (), report)
    return report.sorted_diagnostics()


def finish_interrupted_change(root: Path) -> tuple[Diagnostic, ...]:
    """Complete a change of a process that was killed; CBX003 if that fails."""
    return replace_files(root, ())


def _change(root: Path, artifacts: Iterable[Artifact], removed: Iterable[str], report: Report) -> None:
    try:
        change_files(root, {artifact.path: artifact.text for artifact in artifacts}, removed)
    except OSError as error:
        _report_not_writable(error.filename or TARGET, error, report)


def _report_not_writable(path: str, error: OSError, report: Report) -> None:
    reason = error.strerror or str(error)
    hint = "free some disk space or fix the permissions, then compile again"
    report.add(codes.OUTPUT_NOT_WRITABLE, f"`{path}` cannot be written: {reason}", Span(path), hint=hint)


def _read(path: Path) -> bytes | None:
    try:
        return read_regular(path)
    except OSError:
        return None


def _own_files(target: Path) -> list[str]:
    paths = []
    for folder in OWN_FOLDERS:
        for parent, folders, files in os.walk(target / folder):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            below = Path(parent).relative_to(target).as_posix()
            paths += [f"{below}/{name}" for name in files if name.endswith(".py")]
    return sorted(paths)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)  # noqa: PTH105 - replaces the old file atomically
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _remove_empty_folders(target: Path) -> None:
    for folder in OWN_FOLDERS:
        for parent, _, _ in os.walk(target / folder, topdown=False):
            with contextlib.suppress(OSError):
                Path(parent).rmdir()
