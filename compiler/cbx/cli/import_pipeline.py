"""``cbx import``: writes a project of models from notebooks and files."""

from __future__ import annotations

import json
import re
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cbx.cli.display.terminal_text import print_wrapped
from cbx.cli.stop import stop

if TYPE_CHECKING:
    from cbx.importing.import_pipeline import ImportResult


class ReportFormat(str, Enum):
    """The formats of the report."""

    text = "text"
    json = "json"


def import_command(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Notebooks, files, folders, or a bundle's YAML file.")
    ],
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="The folder of the new project.")],
    layer: Annotated[
        list[str] | None,
        typer.Option("--layer", metavar="PATTERN=LAYER", help="The layer of the tables that match; repeatable."),
    ] = None,
    var: Annotated[
        list[str] | None,
        typer.Option("--var", metavar="NAME=VALUE", help="A value of the pipeline's configuration; repeatable."),
    ] = None,
    schema: Annotated[
        str | None, typer.Option(metavar="NAME", help="The schema of tables whose names have none.")
    ] = None,
    pipeline: Annotated[
        str | None, typer.Option(metavar="NAME", help="The pipeline of a bundle that has several.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The tables of `cbx run`, in which keys are looked for."),
    ] = None,
    output_format: Annotated[
        ReportFormat, typer.Option("--format", help="The format of the report.")
    ] = ReportFormat.text,
    no_trace: Annotated[
        bool, typer.Option("--no-trace", help="Do not run the functions of models to find out which do not compile.")
    ] = False,
) -> None:
    """Write a project of models from existing notebooks and SQL files. It does the same as they do."""
    from cbx.cli.display.diagnostics import show_diagnostics
    from cbx.diagnostics.codes import Severity
    from cbx.diagnostics.diagnostic import Report
    from cbx.importing.import_pipeline import ImportRequest, import_pipeline, read_bundles

    state = _state_folder(state)
    report = Report()
    request = ImportRequest(
        tuple(paths),
        _project_name(into),
        dict(_pairs("--var", var)),
        tuple(_pairs("--layer", layer)),
        schema,
        with_trace=not no_trace,
        state=state,
    )
    request = read_bundles(request, pipeline, report)
    result = import_pipeline(request)
    diagnostics = (*report.sorted_diagnostics(), *result.diagnostics)
    is_empty = not result.report.models and not result.report.left
    outcome = "Nothing was written." if is_empty else ""
    show_diagnostics(diagnostics, result.texts, len(result.report.models), "text", outcome)
    if is_empty:
        if any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics):
            raise typer.Exit(2)
        stop("no datasets were found; nothing was written", "name the notebooks of a pipeline")
    _write(into, result)
    if output_format is ReportFormat.json:
        print(json.dumps(result.report.document(), indent=2))
    else:
        _show(result, into)
    raise typer.Exit(1 if diagnostics else 0)


def _state_folder(state: Path | None) -> Path | None:
    """The value of ``--state``; the command ends if it is no folder."""
    from cbx.cli.places import local_state
    from cbx.runtime.errors import CannotRunError

    try:
        folder = None if state is None else local_state(state)
    except CannotRunError as error:
        stop(error.diagnostic.message, error.diagnostic.hint)
    if folder is not None and not folder.is_dir():
        stop(f"there is no folder {folder}", "run the pipeline with `cbx run` first")
    return folder


def _pairs(option: str, texts: list[str] | None) -> list[tuple[str, str]]:
    pairs = []
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            stop(f"{option} {text}: write it as name=value")
        if option == "--layer" and not re.fullmatch(r"[A-Za-z_]\w*", value, flags=re.ASCII):
            stop(f"{option} {text}: `{value}` is not a name for a layer", "use letters, digits and underscores")
        pairs.append((name, value))
    return pairs


def _project_name(into: Path) -> str:
    word = re.sub(r"\W+", "_", into.resolve().name.lower(), flags=re.ASCII).strip("_") or "pipeline"
    return f"p_{word}" if word[:1].isdigit() else word


def _write(into: Path, result: ImportResult) -> None:
    existing = next((path for path in ("models", *result.files) if (into / path).exists()), None)
    if existing is not None:
        stop(f"{into / existing} already exists; nothing was written", "name a new folder with --into")
    try:
        for path, text in result.files.items():
            (into / path).parent.mkdir(parents=True, exist_ok=True)
            (into / path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        stop(f"{error.filename} cannot be written: {error.strerror}")


def _show(result: ImportResult, into: Path) -> None:
    report = result.report
    count = len(report.models)
    print_wrapped(f"Wrote a project to {into}/: {count} model{'' if count == 1 else 's'}.")
    if report.left:
        print()
        print_wrapped(f"Left in {', '.join(report.left_files)}, because no model can say it:")
        for item in report.left:
            print_wrapped(f"  {item.place}  {item.what}: {item.reason}", "      ")
    if report.notes:
        print("\nNotes:")
        for item in report.notes:
            print_wrapped(f"  {item.place}  {item.what}: {item.reason}".replace("    ", "  "), "      ")
    if report.keys:
        print("\nKeys that the models may declare:")
        for key in report.keys:
            print_wrapped(f"  {key.model}  {key.argument}, {key.reason}", "      ")
    print()
    print_wrapped(f"The report is {into / 'IMPORT.md'}. Next: cbx compile --project {into}")
