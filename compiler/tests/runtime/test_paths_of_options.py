"""Paths on the command line belong to the folder in which the command is entered, those of settings to the project."""

from __future__ import annotations

from pathlib import Path

import pytest
from literate import lay_out

from cbx.cli.places import path_from
from compiler.tests.command import run_cbx
from compiler.tests.foreign.terminal import cbx_here

SHOP = {
    "shop/project.toml": '[project]\nname = "shop"\n\n[environments.local.tables]\n"raw.orders" = "data/orders.csv"\n',
    "shop/models/bronze/orders.sql": '{{ materialized_view() }}\nSELECT id FROM {{ source("raw.orders") }}\n',
    "shop/models/bronze/returns.sql": '{{ materialized_view() }}\nSELECT id FROM {{ source("raw.returns") }}\n',
    "shop/data/orders.csv": "id\n1\n",
    "elsewhere/returns.csv": "id\n2\n",
}


@pytest.mark.parametrize(
    ("folder", "path", "expected"),
    [
        ("shop", "data/x.csv", "../data/x.csv"),
        ("shop", "shop/data/x.csv", "data/x.csv"),
        ("shop", "../x", "../../x"),
        (".", "data/x.csv", "data/x.csv"),
        ("shop", "~/x.csv", "~/x.csv"),
    ],
)
def test_a_path_is_made_relative_to_the_project(
    folder: str, path: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the state of a run does not depend on where it was started."""
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path)

    assert path_from(Path(folder), path) == expected
    assert path_from(Path(folder), str(tmp_path / "x.csv")) == str(tmp_path / "x.csv")


@pytest.mark.parametrize("option", ["--table", "--stream"])
def test_a_missing_file_is_named_as_it_is_found_from_here(option: str, tmp_path: Path) -> None:
    """A file in the project is not found by the path that it has there."""
    lay_out(SHOP, tmp_path)
    found = run_cbx(tmp_path, "run", "--project", "shop", option, "raw.orders=data/orders.csv")

    assert (found.returncode, f"{option} raw.orders: there is no file or folder" in found.stderr) == (2, True)


def test_files_are_found_from_here_and_from_the_project(working_folder: Path) -> None:
    """That of the option in this folder, and that of the settings in the project."""
    lay_out(SHOP, working_folder)
    run = cbx_here("run", "--project", "shop", "--table", "raw.returns=elsewhere/returns.csv")
    shown = [cbx_here("show", f"bronze.{name}", "--project", "shop") for name in ("orders", "returns")]

    assert run.status == 0, run.errors
    assert ["1" in shown[0].output.split(), "2" in shown[1].output.split()] == [True, True]
