"""The compiled files in the workspace: which to upload, and which to remove."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from cbx.deploy.workspace.problems import DeployError
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.stages.plan import Artifact

ObjectKind = Literal["NOTEBOOK", "FILE", "DIRECTORY"]

LARGEST = 10_000_000
"""The largest import of the workspace API in bytes, as base64."""


@dataclass(frozen=True, slots=True)
class WorkspaceFile:
    """A compiled file as an object of the workspace; a notebook has no suffix there."""

    path: str
    kind: ObjectKind
    content: bytes
    digest: str

    @classmethod
    def of(cls, artifact: Artifact) -> WorkspaceFile:
        """The workspace object of a compiled file."""
        is_notebook = artifact.text.startswith("# Databricks notebook source\n")
        content = artifact.text.encode()
        path = artifact.path.removesuffix(".py") if is_notebook else artifact.path
        return cls(path, "NOTEBOOK" if is_notebook else "FILE", content, hashlib.sha256(content).hexdigest())


@dataclass(frozen=True, slots=True)
class FileSteps:
    """What to do with files, by paths below the deployment's folder.

    Attributes:
        clear: Objects of another kind at the path of a file or folder; they are removed first.
        folders: Folders to create.
        upload: Files that are new or different.
        unchanged: Files that are already there.
        remove: Objects that are no longer needed; they are removed last, when the pipeline no longer refers to them.
    """

    clear: tuple[str, ...]
    folders: tuple[str, ...]
    upload: tuple[WorkspaceFile, ...]
    unchanged: tuple[str, ...]
    remove: tuple[str, ...]


def workspace_files(artifacts: Iterable[Artifact]) -> tuple[WorkspaceFile, ...]:
    """The files of a compilation that run in the pipeline.

    Raises:
        DeployError: CBX609 for each file that is too large to upload.
    """
    sources = [artifact for artifact in artifacts if artifact.path.endswith(".py")]
    sizes = {artifact.path: len(artifact.text.encode()) for artifact in sources}
    problems = [
        Diagnostic(
            codes.FILE_TOO_LARGE,
            f"`{path}` has {size:,} bytes; a workspace takes files of {LARGEST * 3 // 4:,} at most",
            hint="split the model, or move large constants into a table",
        )
        for path, size in sizes.items()
        if size * 4 > LARGEST * 3
    ]
    if problems:
        raise DeployError(*problems)
    return tuple(map(WorkspaceFile.of, sources))


def file_steps(
    compiled: Iterable[WorkspaceFile], uploaded: Mapping[str, str], existing: Mapping[str, ObjectKind]
) -> FileSteps:
    """Compare the files of a compilation with those in the workspace.

    Args:
        compiled: The files of the compilation.
        uploaded: The hashes of the files that an earlier deployment is known to have uploaded.
        existing: The kinds of all objects below the deployment's folder.
    """
    files = {file.path: file for file in compiled}
    folders = {str(folder) for path in files for folder in PurePosixPath(path).parents if str(folder) != "."}
    clear = [path for path, kind in existing.items() if _blocks_path(path, kind, files, folders)]
    same = [
        path for path, file in files.items() if existing.get(path) == file.kind and uploaded.get(path) == file.digest
    ]
    unwanted = [path for path in existing if path not in files and path not in folders and path not in clear]
    return FileSteps(
        clear=tuple(sorted(clear)),
        folders=tuple(sorted(folder for folder in folders if existing.get(folder) != "DIRECTORY")),
        upload=tuple(file for path, file in sorted(files.items()) if path not in same),
        unchanged=tuple(sorted(same)),
        remove=_topmost(unwanted),
    )


def _blocks_path(path: str, kind: ObjectKind, files: Mapping[str, WorkspaceFile], folders: set[str]) -> bool:
    if path in files:
        return kind != files[path].kind
    return path in folders and kind != "DIRECTORY"


def _topmost(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths that are not below another one of them: a folder is removed with its content."""
    kept = set(paths)
    return tuple(
        sorted(path for path in kept if not any(str(parent) in kept for parent in PurePosixPath(path).parents))
    )
