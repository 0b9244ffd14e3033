"""Compiles the project of a command to its graph, and applies the selectors of its options."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cbx.cli.stop import stop

if TYPE_CHECKING:
    from cbx.compiler import Compilation
    from cbx.graph.graph_document import GraphDocument
    from cbx.incremental.options import Options


@dataclass(frozen=True)
class SelectionOptions:
    """The values of ``--select``, ``--exclude`` and ``--state-manifest``."""

    include: Sequence[str]
    exclude: Sequence[str]
    state_manifest: Path | None

    @classmethod
    def of(
        cls, select: list[str] | None, exclude: list[str] | None, state_manifest: Path | None = None
    ) -> SelectionOptions:
        """From the values of the options."""
        return cls(select or (), exclude or (), state_manifest)


def compile_or_exit(root: Path, options: Options) -> Compilation:
    """Compile a project; if it has errors, show them as ``cbx compile`` does and end the command."""
    from cbx.cli.display.diagnostics import show_diagnostics
    from cbx.compiler import compile_project
    from cbx.processes.garbage_collection import pause_garbage_collection

    with pause_garbage_collection():
        compilation = compile_project(
            root, options.environment, with_analysis=options.with_analysis, with_trace=options.with_trace
        )
    if not compilation.succeeded:
        show_diagnostics(compilation.diagnostics, compilation.sources, compilation.model_count, "text")
        raise typer.Exit(2 if compilation.project is None and not (root / "project.toml").is_file() else 1)
    return compilation


def project_graph(root: Path, options: Options) -> GraphDocument:
    """The graph of a project, which is compiled only if it has changed since the last time."""
    from cbx.graph.read_manifest import read_manifest

    return read_manifest(project_manifest(root, options))


def project_manifest(root: Path, options: Options) -> dict[str, Any]:
    """The manifest of a project, which is compiled only if it has changed since the last time."""
    from cbx.incremental.build import up_to_date_manifest

    text = up_to_date_manifest(root, options)
    if text is None:
        return compiled_manifest(compile_or_exit(root, options))
    manifest: dict[str, Any] = json.loads(text)
    return manifest


def read_graph(compilation: Compilation) -> GraphDocument:
    """The graph of a compilation that succeeded."""
    from cbx.graph.read_manifest import read_manifest

    return read_manifest(compiled_manifest(compilation))


def compiled_manifest(compilation: Compilation) -> dict[str, Any]:
    """The manifest of a compilation that succeeded."""
    from cbx.emit.manifest import PATH

    text = next(artifact.text for artifact in compilation.artifacts if artifact.path == PATH)
    manifest: dict[str, Any] = json.loads(text)
    return manifest


def select_nodes(graph: GraphDocument, selection: SelectionOptions) -> tuple[str, ...]:
    """The selected ids; a wrong selector ends the command."""
    from cbx.graph.selector_methods import SelectorError
    from cbx.graph.selectors import select

    before = _read_state(selection.state_manifest) if selection.state_manifest is not None else None
    try:
        return select(graph, selection.include, selection.exclude, before)
    except SelectorError as error:
        stop(error.reason, error.hint)


def _read_state(path: Path) -> GraphDocument:
    from cbx.files.bounded_read import LARGEST, check_document
    from cbx.graph.read_manifest import read_manifest

    hint = "name the target/manifest.json of another commit or deployment"
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        check_document(content)
    except OSError as error:
        stop(f"--state-manifest {path}: {error.strerror}", hint)
    except ValueError as error:
        stop(f"--state-manifest {path}: {error}", hint)
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError):
        stop(f"--state-manifest {path}: not JSON", hint)
    try:
        return read_manifest(manifest)
    except (LookupError, TypeError, AttributeError, ValueError):
        stop(f"--state-manifest {path}: not a manifest of this version of cbx", hint)
