"""`cbx graph` as a user meets it, on Circuit Box."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cbx.cli.app import app

ROOT = Path(__file__).parents[3]


def cbx(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["graph", *arguments, "--project", str(ROOT)])


def test_a_tree_by_default() -> None:
    """Each line says how it reads what stands above it, and what it is."""
    assert cbx("--select", "+silver.orders").stdout.splitlines() == [
        "circuit_box",
        "├── source:${landing}/orders  JSON files",
        "│   └── ⇢ bronze.orders  streaming table",
        "│       └── ⇢ silver.orders_clean  streaming table  key order_id (unproven)",
        "│           └── ⇢ silver.orders  streaming table  key order_id, item_id (unproven)",
        "└── ⇢ reads as a stream   → reads in batch",
    ]


def test_json_has_nodes_by_id_and_edges_with_modes() -> None:
    """The shape that the page of documentation describes."""
    graph = json.loads(cbx("--format", "json", "--select", "bronze.orders+1").stdout)

    assert list(graph["nodes"]) == ["bronze.orders", "silver.orders_clean"]
    assert graph["edges"] == [{"from": "bronze.orders", "to": "silver.orders_clean", "mode": "stream"}]


@pytest.mark.parametrize(
    ("about", "reason", "hint"),
    [
        ("gold.daily_sale", "no model is named `gold.daily_sale`", "did you mean `gold.daily_sales`?"),
        ("gold.daily_sales.revenu", "`gold.daily_sales` has no column `revenu`", "did you mean `revenue`?"),
    ],
)
def test_a_slip_in_a_name_is_shown_with_a_way_out(about: str, reason: str, hint: str) -> None:
    """Status 2: the command could not do what it was asked."""
    result = cbx("--columns", about)

    assert (result.stdout, result.exit_code) == ("", 2)
    assert reason in result.stderr
    assert hint in result.stderr
