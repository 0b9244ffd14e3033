"""The only writer of ``target/``."""

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
    """What `write` would do; nothing is touched."""
    target = root / TARGET
    own = _own_files(target)
    there = {*own, *OWN_FILES}
    written: list[str] = []
    unchanged: list[str] = []
    for artifact in artifacts:
        same = artifact.path in there and _read(target / artifact.path) == artifact.text.encode()
        (unchanged if same else written).append(artifact.path)
    wanted = {*written, *unchanged}
    removed = [path for path in own if path not in wanted]
    return TargetChanges(tuple(written), tuple(unchanged), tuple(removed))


def write_target(root: Path, artifacts: tuple[Artifact, ...]) -> tuple[TargetChanges, tuple[Diagnostic, ...]]:
    """Bring ``target/`` in line with a compilation.

    All of it is done or nothing, also where the process is killed; a file whose bytes are right is not touched; what
    no longer belongs to ``notebooks/`` and ``transformations/`` is removed.

    Returns:
        What was done, and CBX003 if it could not be.
    """
    report = Report()
    _change(root, (), (), report)
    changes = compare_target(root, artifacts)
    if not len(report):
        wanted = frozenset(changes.written)
        _change(root, [artifact for artifact in artifacts if artifact.path in wanted], changes.removed, report)
        _remove_empty_folders(root / TARGET)
    return changes, report.sorted()


def replace_files(root: Path, artifacts: Iterable[Artifact]) -> tuple[Diagnostic, ...]:
    """Replace some files of ``target/`` and leave the others; CBX003 if that cannot be."""
    report = Report()
    _change(root, artifacts, (), report)
    return report.sorted()


def finish_interrupted_change(root: Path) -> tuple[Diagnostic, ...]:
    """Finish what a process that was killed has left half done; CBX003 if that cannot be."""
    return replace_files(root, ())


def _change(root: Path, artifacts: Iterable[Artifact], removed: Iterable[str], report: Report) -> None:
    try:
        change_files(root, {artifact.path: artifact.text for artifact in artifacts}, removed)
    except OSError as error:
        _report_not_writable(error.filename or TARGET, error, report)


def _report_not_writable(path: str, error: OSError, report: Report) -> None:
    reason = error.strerror or str(error)
    hint = "make room for it or mend the permissions, then compile again"
    report.add(codes.OUTPUT_NOT_WRITABLE, f"`{path}` cannot be written: {reason}", Span(path), hint=hint)


def _read(path: Path) -> bytes | None:
    try:
        return read_regular(path)
    except OSError:
        return None


def _own_files(target: Path) -> list[str]:
    found = []
    for folder in OWN_FOLDERS:
        for parent, folders, files in os.walk(target / folder):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            below = Path(parent).relative_to(target).as_posix()
            found += [f"{below}/{name}" for name in files if name.endswith(".py")]
    return sorted(found)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)  # noqa: PTH105 - says what it does: the old file is replaced at once
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _remove_empty_folders(target: Path) -> None:
    for folder in OWN_FOLDERS:
        for parent, _, _ in os.walk(target / folder, topdown=False):
            with contextlib.suppress(OSError):
                Path(parent).rmdir()
