"""``cbx contract``: writes a project's tables as a contract of the Open Data Contract Standard, and models from one."""

from __future__ import annotations

import sys
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cbx.cli.display.terminal_text import print_wrapped
from cbx.cli.options import EnvOption, ExcludeOption, NoTraceOption, ProjectOption, SelectOption
from cbx.cli.selection import SelectionOptions
from cbx.cli.stop import stop
from cbx.cli.usage import CommandGroup, CommandWithExamples
from cbx.project.dataset_names import WITHOUT_TABLE

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard

    from cbx.contracts.import_contract import ImportedModels

app = typer.Typer(no_args_is_help=True, help="Exchange contracts of the Open Data Contract Standard.", cls=CommandGroup)

_EXISTING = "it stays as it is; move it away, or name another layer"


class ModelKind(str, Enum):
    """The kinds of the models that are written."""

    view = "view"
    materialized_view = "materialized_view"


@app.command("export", cls=CommandWithExamples, epilog="cbx contract export --env prod -o contract.yaml")
def export_command(
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The file; what people wrote there beside the tables stays."
        ),
    ] = None,
    project: ProjectOption = None,
    env: EnvOption = "local",
    no_trace: NoTraceOption = False,
) -> None:
    """Write the published tables of the project as a contract. It has their columns, keys and expectations."""
    from cbx.cli.places import project_folder
    from cbx.cli.selection import project_manifest, select_nodes
    from cbx.diagnostics.diagnostic import Report
    from cbx.graph.read_manifest import read_manifest
    from cbx.incremental.options import Options
    from cbx.project.settings import load_project

    _require_library()
    from cbx.contracts.export_contract import ContractPlace, export_contract

    before = None if output is None or not output.exists() else _read(output)
    root = project_folder(project)
    manifest = project_manifest(root, Options(env, with_trace=not no_trace))
    graph, entries = read_manifest(manifest), manifest["models"]
    ids = [
        name for name in select_nodes(graph, SelectionOptions.of(select, exclude)) if _is_published(entries.get(name))
    ]
    if not ids:
        print("No published table is selected.", file=sys.stderr)
        raise typer.Exit(1)
    loaded = load_project(root, Report())
    environments = loaded.deployed_environments if loaded is not None else {}
    place = ContractPlace(env, environments[env].catalog if env in environments else None)
    tests = {name: entries[name].get("tests", ()) for name in ids}
    histories = [name for name in ids if (entries[name]["cdc"] or {}).get("scd_type") == 2]
    notes: list[str] = []
    contract = export_contract(graph, [graph.by_id[name] for name in ids], tests, histories, place, before, notes)
    if output is None:
        print(contract.to_yaml(), end="")
    else:
        _write(output, contract.to_yaml())
        print(f"Wrote {len(ids)} table{'' if len(ids) == 1 else 's'} to {output}.")
    if notes:
        print("\nNot in the contract:", file=sys.stderr)
        for note in notes:
            print_wrapped(f"  {note}", "      ", sys.stderr)


def _is_published(entry: dict[str, Any] | None) -> bool:
    return entry is not None and entry["kind"] not in WITHOUT_TABLE and not entry.get("private")


@app.command("import", cls=CommandWithExamples, epilog="cbx contract import contract.yaml --layer bronze")
def import_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The contract, a YAML file.")],
    layer: Annotated[str, typer.Option(metavar="NAME", help="The layer of the models.")],
    kind: Annotated[
        ModelKind,
        typer.Option(help="view: queries the tables; materialized_view: copies them."),
    ] = ModelKind.view,
    project: ProjectOption = None,
) -> None:
    """Write a model for each table of a contract. Models have its columns, keys, relationships and rules."""
    from cbx.cli.places import project_folder

    _require_library()
    from cbx.contracts.import_contract import import_contract

    root = project_folder(project)
    contract = _read(file)
    result = import_contract(contract, layer, kind.value)
    if not result.files:
        stop(f"{file}: the contract has no tables", "its `schema` lists them")
    existing = [path for path in result.files if (root / path).exists()]
    if existing:
        stop(f"{', '.join(existing)} already exists; nothing was written", _EXISTING)
    for path, text in result.files.items():
        _write(root / path, text)
    _show(result)


def _show(result: ImportedModels) -> None:
    for path in result.files:
        print(f"Wrote {path}")
    if result.notes:
        print("\nNot in the models:")
        for note in result.notes:
            print_wrapped(f"  {note}", "      ")


def _read(file: Path) -> OpenDataContractStandard:
    """A contract; a file that is none ends the command."""
    from cbx.contracts.read_contract import ContractError, read_contract

    try:
        return read_contract(file)
    except ContractError as error:
        stop(f"{file}: {error.problems[0]}" + "".join(f"\n       {other}" for other in error.problems[1:]), error.hint)


def _write(path: Path, text: str) -> None:
    from cbx.files.atomic_write import write_atomically

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    except OSError as error:
        stop(f"{path} cannot be written: {error.strerror}")


def _require_library() -> None:

    if find_spec("open_data_contract_standard") is None:
        stop("contracts need open-data-contract-standard", "pip install 'circuit-box[contract]'")
