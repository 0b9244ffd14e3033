"""`cbx graph` as a user meets it, on Circuit Box."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import Result

from cbx.cli.graph import GraphFormat
from compiler.tests.command import invoke_cbx
from compiler.tests.graph.pages import compile_circuit_box

ROOT = Path(__file__).parents[3]


def cbx(*arguments: str) -> Result:
    return invoke_cbx("graph", *arguments, "--project", compile_circuit_box())


def test_a_tree_by_default() -> None:
    """Each line says how it reads what stands above it, and what it is; a legend says what the arrows mean."""
    assert cbx("--select", "+silver.orders").stdout.splitlines() == [
        "circuit_box",
        "└── source:${landing}/orders  JSON files",
        "    └── ⇢ bronze.orders  streaming table",
        "        └── ⇢ silver.orders_clean  streaming table · key order_id (unproven)",
        "            └── ⇢ silver.orders  streaming table · key order_id, item_id (unproven)",
        "⇢ reads new rows (stream)",
    ]


def test_what_several_read_stands_in_full_once() -> None:
    """After that it is only named."""
    lines = cbx("--select", "silver.customers_clean+").stdout.splitlines()

    assert [line for line in lines if "gold" in line] == [
        "        ├── → gold.customer_order_summary  materialized view · key customer_id (proven)",
        "        └── → gold.open_orders  materialized view · key order_id (proven)",
    ]


def test_the_lineage_of_a_column_as_a_tree() -> None:
    """Up to where it comes from, and down to what is made of it; a name will do where it is the only one."""
    assert cbx("--columns", "daily_sales.customers").stdout.splitlines() == [
        "circuit_box",
        "└── source:${landing}/orders.customer_id",
        "    └── → bronze.orders.customer_id  BIGINT",
        "        └── → silver.orders_clean.customer_id  BIGINT",
        "            └── → silver.orders.customer_id  BIGINT",
        "                └── → gold.daily_sales.customers  BIGINT",
    ]


def test_relationships_as_a_tree() -> None:
    """Parents and the children that refer to them."""
    assert cbx("--relationships", "-s", "layer:silver").stdout.splitlines() == [
        "circuit_box",
        "├── silver.customers  key customer_id (proven)",
        "│   ├── 1:1 silver.addresses  on customer_id (unproven)",
        "│   └── 1:n silver.orders  on customer_id (unproven)",
        "└── silver.orders_clean  key order_id (unproven)",
        "    └── 1:n silver.orders  on order_id (unproven)",
    ]


def test_a_terminal_gets_colours_and_lines_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long line is cut, since a folded tree is none."""
    for name, value in {"FORCE_COLOR": "1", "COLUMNS": "60", "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    lines = cbx().stdout.splitlines()

    assert any("\x1b[" in line for line in lines)
    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines) <= 60


def test_json_is_in_the_node_link_shape() -> None:
    """The shape that the page of documentation describes."""
    graph = json.loads(cbx("--format", "json", "--select", "bronze.orders+1").stdout)

    assert [node["id"] for node in graph["nodes"]] == ["bronze.orders", "silver.orders_clean"]
    assert graph["edges"] == [{"source": "bronze.orders", "target": "silver.orders_clean", "mode": "stream"}]


def test_json_of_columns_has_their_edges() -> None:
    """Pairs of a model and a column."""
    graph = json.loads(cbx("--format", "json", "--columns", "silver.orders.item_price", "-s", "layer:silver").stdout)

    assert [node["id"] for node in graph["nodes"]] == ["silver.orders", "silver.orders_clean"]
    assert graph["column_edges"] == [
        {"source": ["silver.orders_clean", "items"], "target": ["silver.orders", "item_price"]}
    ]


@pytest.mark.parametrize("picture", [(), ("--columns",), ("--relationships",)], ids=["tables", "columns", "related"])
@pytest.mark.parametrize("drawn_as", [member.value for member in GraphFormat])
def test_every_picture_in_every_format(drawn_as: str, picture: tuple[str, ...]) -> None:
    """With streams and batch, keys and columns told apart as each format can."""
    result = cbx("--format", drawn_as, *picture)

    assert (result.exit_code, result.stderr) == (0, "")
    assert "customer_order_summary" in result.stdout


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("graph.mmd", "flowchart LR"),
        ("README.md", "```mermaid\nflowchart LR"),
        ("graph.gv", "digraph"),
        ("graph.SVG", "<svg"),
        ("graph.json", "{"),
        ("graph.txt", "circuit_box"),
        ("graph", "circuit_box"),
    ],
)
def test_the_ending_of_the_file_says_the_format(tmp_path: Path, name: str, begins: str) -> None:
    """Markdown gets a fence around it, so that GitHub draws it."""
    result = cbx("--output", str(tmp_path / name))

    assert (result.stdout, result.stderr) == ("", f"Wrote {tmp_path / name}.\n")
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


@pytest.mark.parametrize(
    ("arguments", "reason", "hint"),
    [
        (["--columns", "gold.daily_sale"], "no model is named `gold.daily_sale`", "did you mean `gold.daily_sales`?"),
        (
            ["--columns", "gold.daily_sales.revenu"],
            "`gold.daily_sales` has no column `revenu`",
            "did you mean `revenue`?",
        ),
        (
            ["--columns", "gold.daily_sales", "-s", "layer:silver"],
            "`gold.daily_sales` is not selected",
            "remove --select",
        ),
        (
            ["--columns", "orders"],
            "several models are named `orders`",
            "use one of the ids `bronze.orders`, `silver.orders`",
        ),
        (["gold.daily_sale"], "no model is named `gold.daily_sale`", "did you mean `gold.daily_sales`?"),
        (["--columns", "--relationships"], "cannot be combined", "use one of them"),
        (["-s", "gold.daily_sale"], "no model is named `gold.daily_sale`", "did you mean `gold.daily_sales`?"),
        (["--output", "/no/such/folder/graph.svg"], "cannot be written", ""),
    ],
)
def test_a_slip_is_shown_with_a_way_out(arguments: list[str], reason: str, hint: str) -> None:
    """Status 2: the command could not do what it was asked."""
    result = cbx(*arguments)

    assert (result.stdout, result.exit_code) == ("", 2)
    assert reason in result.stderr
    assert hint in result.stderr


def test_a_model_or_a_column_is_drawn_with_its_lineage() -> None:
    """A model as the selector `+model+` does, a column as --columns does."""
    assert cbx("gold.daily_sales").stdout == cbx("-s", "+gold.daily_sales+").stdout
    assert cbx("daily_sales").stdout == cbx("gold.daily_sales").stdout
    assert cbx("gold.daily_sales.revenue").stdout == cbx("--columns", "gold.daily_sales.revenue").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-s", "layer:gold,layer:silver"], "Nothing is selected."),
        (["--relationships", "-s", "layer:bronze"], "No relationship between these models is declared."),
        (["--columns", "-s", "layer:bronze"], "The lineage of these columns is not known."),
    ],
)
@pytest.mark.parametrize("drawn_as", [member.value for member in GraphFormat])
def test_an_empty_picture_is_drawn_with_a_word(drawn_as: str, arguments: list[str], said: str) -> None:
    """A script that wants a file gets one, and it is no error."""
    result = cbx("--format", drawn_as, *arguments)

    assert (result.stderr, result.exit_code, bool(result.stdout)) == (f"{said}\n", 0, True)


def test_a_slip_is_seen_before_anything_is_written(tmp_path: Path) -> None:
    """The file of yesterday stays."""
    path = tmp_path / "graph.svg"
    path.write_text("yesterday")
    cbx("-s", "gold.nothing", "--output", str(path))

    assert path.read_text() == "yesterday"


def test_a_device_is_written_to_and_not_replaced() -> None:
    """Such as `/dev/null`, which a benchmark writes to."""
    assert cbx("--output", "/dev/null").exit_code == 0
    assert Path("/dev/null").is_char_device()


PICTURES: tuple[tuple[str, ...], ...] = ((), ("--columns",), ("--relationships",))
DRAW_ALL = """
import json
import sys
from compiler.tests.graph.pages import ROOT, cbx_graph

print(json.dumps([cbx_graph(ROOT, "--format", "svg", *picture) for picture in json.loads(sys.argv[1])]))
"""


def test_the_hash_seed_does_not_matter() -> None:
    """The same project gives the same pictures everywhere."""
    command = [sys.executable, "-c", DRAW_ALL, json.dumps(PICTURES)]
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT)}
    there = subprocess.run(command, env=environment, capture_output=True, check=True, encoding="utf-8").stdout

    assert [cbx("--format", "svg", *picture).stdout for picture in PICTURES] == json.loads(there)
