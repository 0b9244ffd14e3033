"""`cbx list` as a user meets it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import Result

from compiler.tests.command import invoke_cbx
from compiler.tests.graph.pages import compile_circuit_box

ROOT = Path(__file__).parents[3]


def cbx(*arguments: str) -> Result:
    return invoke_cbx(*arguments, "--project", compile_circuit_box())


def test_one_id_a_line_sources_first() -> None:
    """In the order of layers, so that a loop over the lines meets a model after what it reads from below."""
    lines = cbx("list", "--select", "+silver.customers").stdout.splitlines()

    assert lines == ["source:${landing}/customers", "bronze.customers", "silver.customers", "silver.customers_clean"]


def test_models_alone() -> None:
    """`--resource-type model`, as in dbt."""
    result = cbx("list", "-s", "+bronze.orders", "--resource-type", "model")

    assert (result.stdout, result.exit_code) == ("bronze.orders\n", 0)


def test_json_has_the_names_of_dbt() -> None:
    """So that what reads `dbt list --output json` reads this."""
    row = json.loads(cbx("list", "-s", "silver.orders", "--format", "json").stdout)

    assert row == {
        "unique_id": "silver.orders",
        "resource_type": "model",
        "name": "orders",
        "layer": "silver",
        "original_file_path": "models/silver/orders.sql",
        "tags": [],
        "config": {"materialized": "streaming_table"},
        "depends_on": {"nodes": ["silver.orders_clean"]},
    }


def test_an_empty_selection_is_said_beside_the_list() -> None:
    """Standard output stays empty, and it is no error."""
    result = cbx("list", "-s", "layer:gold,layer:silver")

    assert (result.stdout, result.stderr, result.exit_code) == ("", "Nothing is selected.\n", 0)


def test_a_slip_is_shown_with_a_way_out() -> None:
    """Status 2: the command could not do what it was asked."""
    result = cbx("list", "-s", "gold.opn_orders")

    assert (result.stdout, result.exit_code) == ("", 2)
    assert "did you mean `gold.open_orders`?" in result.stderr


def test_errors_of_the_project_are_shown_as_compiling_shows_them(tmp_path: Path) -> None:
    """Status 1: errors found."""
    (tmp_path / "project.toml").write_text('[project]\nname = "shop"\n')
    (tmp_path / "models/silver").mkdir(parents=True)
    (tmp_path / "models/silver/a.sql").write_text('{{ materialized_view() }}\nSELECT * FROM {{ ref("bronze.b") }}\n')
    result = invoke_cbx("list", "--project", tmp_path)

    assert (result.stdout, result.exit_code) == ("", 1)
    assert "CBX201" in result.stderr


def test_no_project_at_all(tmp_path: Path) -> None:
    """Status 2: could not run."""
    result = invoke_cbx("list", "--project", tmp_path)

    assert result.exit_code == 2
    assert "CBX001" in result.stderr


def test_state_by_content(tmp_path: Path) -> None:
    """A model whose file changed since the other manifest is modified, and so is one that is not in it."""
    state = tmp_path / "manifest.json"
    shutil.copy(ROOT / "target/manifest.json", state)
    manifest = json.loads(state.read_text())
    manifest["models"]["silver.orders"]["source_hash"] = "0"
    del manifest["models"]["gold.open_orders"]
    manifest["relationships"] = []
    state.write_text(json.dumps(manifest))
    modified = cbx("list", "-s", "state:modified", "--state-manifest", str(state))
    new = cbx("list", "-s", "state:new", "--state-manifest", str(state))

    assert (modified.stdout, new.stdout) == ("silver.orders\ngold.open_orders\n", "gold.open_orders\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("{}", "not a manifest of this version of cbx"),
        ("[" * 100000, "not JSON"),
        (None, "No such file"),
    ],
)
def test_a_manifest_that_cannot_be_read(tmp_path: Path, text: str | None, said: str) -> None:
    """Which file, and what it should be."""
    path = tmp_path / "manifest.json"
    if text is not None:
        path.write_text(text)
    result = cbx("list", "-s", "state:new", "--state-manifest", str(path))

    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize(
    "content", [b"[" + b"[],{}," * 3_000_000 + b"[]]", b"0" * ((1 << 28) + 1)], ids=["many", "long"]
)
def test_a_manifest_that_is_too_large_is_not_read(tmp_path: Path, content: bytes) -> None:
    """Its values would fill more memory than there is, or it never ends."""
    path = tmp_path / "manifest.json"
    path.write_bytes(content)
    result = cbx("list", "-s", "state:new", "--state-manifest", str(path))

    assert (result.exit_code, "too large to be a manifest" in result.stderr) == (2, True)
