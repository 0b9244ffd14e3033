"""What starting the command loads: the libraries that take long come when they are needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOADED = """
import sys
from cbx.cli import main
sys.argv = ["cbx", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
print("LOADED", *sorted({name.split(".")[0] for name in sys.modules}))
"""


def loaded_by(*arguments: str, folder: Path = ROOT) -> set[str]:
    command = [sys.executable, "-c", LOADED, *arguments]
    output = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stdout
    return set(output.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("compile", "--check")], ids=" ".join)
def test_spark_is_not_loaded(arguments: tuple[str, ...]) -> None:
    """Only what runs models loads Spark."""
    assert loaded_by(*arguments) & {"pyspark", "py4j", "pandas", "pyarrow", "pysail"} == set()


def test_help_loads_no_compiler() -> None:
    """Help and the version need neither the SQL parser nor the documents."""
    assert loaded_by("--help") & {"sqlglot", "pydantic", "networkx", "jinja2", "yaml"} == set()


def test_version_loads_no_command_line_library() -> None:
    """Asking for the version is answered before anything else is loaded."""
    assert loaded_by("--version") & {"typer", "rich", "click", "pydantic"} == set()


@pytest.mark.parametrize("arguments", [("compile", "--no-trace"), ("compile", "--no-trace", "--check")], ids=" ".join)
def test_what_did_not_change_loads_no_compiler(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """The record of the last compilation is read without the libraries that it took."""
    model = tmp_path / "models/gold/one.sql"
    model.parent.mkdir(parents=True)
    (tmp_path / "project.toml").write_text('[project]\nname = "one"\n')
    model.write_text("{{ materialized_view() }}\n\nSELECT 1 AS id\n")
    first = loaded_by("compile", "--no-trace", folder=tmp_path)

    again = loaded_by(*arguments, folder=tmp_path)

    assert "sqlglot" in first
    assert again & {"sqlglot", "networkx", "jinja2", "yaml"} == set()  # Typer itself may load pydantic
