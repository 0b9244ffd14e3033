"""Collects the data of the page of ``cbx graph --format html``: the graph, texts, checks, counts of the last run."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cbx.cli.stop import stop

if TYPE_CHECKING:
    from cbx.compiler import Compilation
    from cbx.graph.graph_document import GraphDocument
    from cbx.render.html.last_run import LastRun
    from cbx.render.html.prose import ProsePage


@dataclass(frozen=True)
class Runs:
    """Where the results of runs are: in a state folder, or in an event log that was exported from a workspace."""

    state: Path | None
    event_log: Path | None


@dataclass(frozen=True)
class InitialView:
    """What the page shows first: a model, perhaps with a column, or the relationships."""

    about: tuple[str, str | None] | None
    relationships: bool


def create_page(document: GraphDocument, compilation: Compilation, root: Path, runs: Runs, view: InitialView) -> str:
    """The HTML of the page.

    Args:
        document: The part of the graph to show.
        compilation: The compilation of the whole project, which succeeded.
        root: The project's folder.
        runs: Whose results it shows.
        view: What the page shows first.
    """
    from cbx.cli.selection import compiled_manifest
    from cbx.render.html.page import render_html
    from cbx.render.html.page_address import PageAddress
    from cbx.render.html.page_data import read_checks
    from cbx.render.html.texts import ModelTexts

    notebooks = {f"target/{artifact.path}": artifact.text for artifact in compilation.artifacts}
    texts = {
        node.id: ModelTexts((root / node.path).read_text(encoding="utf-8-sig"), notebooks[node.artifact])
        for node in document.nodes
        if node.is_model
    }
    model, column = view.about or (None, None)
    start = PageAddress("relationships" if view.relationships else "lineage", model, "columns", column)
    manifest = compiled_manifest(compilation)
    names = {node.dataset for node in document.nodes if node.is_model} | {check["name"] for check in manifest["checks"]}
    updates = _last_runs(root, runs, names)
    return render_html(document, read_checks(manifest), texts, updates, start, _read_prose(root))


def _read_prose(root: Path) -> list[ProsePage]:
    """The pages in `docs/` of a project, `index.md` first; a file that cannot be read is left out, with a message."""
    from cbx.files.bounded_read import is_inside, read_regular
    from cbx.render.html.prose import ProsePage

    pages = []
    for path in sorted((root / "docs").glob("*.md"), key=lambda path: (path.stem != "index", path.name)):
        if not is_inside(root, path):
            print(f"docs/{path.name} is left out: it is a link out of the project", file=sys.stderr)
            continue
        try:
            pages.append(ProsePage(path.stem, read_regular(path, _LARGEST_PAGE).decode("utf-8-sig")))
        except OSError as error:
            print(f"docs/{path.name} is left out: {error.strerror}", file=sys.stderr)
        except UnicodeDecodeError:
            print(f"docs/{path.name} is left out: it is not UTF-8", file=sys.stderr)
    return pages


_MOST_RUNS = 20
_LARGEST_PAGE = 1 << 20


def _last_runs(root: Path, runs: Runs, names: Collection[str]) -> list[LastRun]:
    """The last runs, oldest first. That there is none is an error only if an option names where they are."""
    from cbx.cli.places import STATE, local_state
    from cbx.render.html.last_run import read_last_run
    from cbx.runtime.errors import CannotRunError
    from cbx.runtime.log.exported_log import read_exported_log
    from cbx.runtime.log.last_update import last_updates

    try:
        if runs.event_log is not None:
            updates = read_exported_log(runs.event_log, _MOST_RUNS, names)
        else:
            updates = last_updates(root / STATE if runs.state is None else local_state(runs.state), _MOST_RUNS)
        return [read_last_run(rows) for rows in updates]
    except CannotRunError as error:
        if runs.state is not None or runs.event_log is not None:
            stop(error.diagnostic.message, error.diagnostic.hint)
        return []
