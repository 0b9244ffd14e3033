"""What the manifest says of measures: where columns are at home, and how often aggregates count a row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from literate import lay_out

from cbx.compiler import compile_project
from cbx.incremental.build import build
from cbx.incremental.options import Options

FILES = {
    "models/silver/orders.sql": (
        '{{ materialized_view(key="order_id", relationships=[one_to_many("silver.items", on="order_id")], columns={\n'
        '    "order_id": "BIGINT", "amount": "DECIMAL(10, 2)", "tax": column("DOUBLE", measure="rate"),\n'
        '    "note": "STRING"\n'
        '}) }}\nSELECT order_id, amount, tax, note FROM {{ source("raw.orders") }}\n'
    ),
    "models/silver/items.sql": (
        '{{ materialized_view(key=["order_id", "line"],\n'
        '    columns={"order_id": "BIGINT", "line": "INT", "price": "DOUBLE"}) }}\n'
        'SELECT order_id, line, price FROM {{ source("raw.items") }}\n'
    ),
    "models/silver/lines.sql": (
        '{{ materialized_view(key=["order_id", "line"]) }}\n'
        "SELECT i.order_id, i.line, i.price, o.amount, o.tax, i.price * o.tax AS taxed, o.note\n"
        'FROM {{ ref("silver.items") }} AS i JOIN {{ ref("silver.orders") }} AS o ON o.order_id = i.order_id\n'
    ),
    "models/gold/sums.sql": (
        "{{ materialized_view() }}\n"
        "SELECT sum(o.amount) AS amount,\n"
        "  round(sum(CASE WHEN i.line > 0\n    THEN i.price ELSE 0 END), 2) AS price, avg(o.tax) AS tax\n"
        'FROM {{ ref("silver.orders") }} AS o\n'
        'JOIN {{ ref("silver.items") }} AS i ON i.order_id = o.order_id\n'
    ),
    "models/gold/unknown.sql": (
        "{{ materialized_view() }}\n"
        'SELECT a.id, sum(a.x + ${y}) OVER (PARTITION BY a.id) AS x FROM {{ source("raw.a") }} AS a\n'
        'JOIN {{ source("raw.b") }} AS b ON b.id = a.id\n'
    ).replace("${y}", "{{ var('y') }}"),
    "project.toml": '[project]\nname = "shop"\n\n[vars]\ny = "1"\n',
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("shop")
    lay_out(FILES, root)
    return compile_manifest(root)


def compile_manifest(root: Path) -> dict[str, Any]:
    texts = {artifact.path: artifact.text for artifact in compile_project(root).artifacts}
    return dict(json.loads(texts["manifest.json"])["models"])


def read_facts(model: dict[str, Any], column: str) -> tuple[object, ...] | None:
    """The home, whether it is repeated, and the measure of a column; None if it has none of them."""
    (entry,) = (entry for entry in model["columns"] if entry["name"] == column)
    return (entry["home"], entry["repeated"], entry["measure"]) if "home" in entry else None


ORDERS, LINES = ({"tables": [f"silver.{name}"], "key": key} for name, key in (("orders", ["order_id"]), ("lines", [])))


@pytest.mark.parametrize(
    ("model", "column", "expected"),
    [
        ("silver.orders", "amount", (ORDERS, False, None)),
        ("silver.orders", "tax", (ORDERS, False, "rate")),
        ("silver.orders", "note", None),
        ("silver.lines", "amount", (ORDERS, True, None)),
        ("silver.lines", "tax", (ORDERS, True, "rate")),
        ("silver.lines", "note", None),
        ("silver.lines", "price", ({"tables": ["silver.items"], "key": ["order_id", "line"]}, False, None)),
        (
            "silver.lines",
            "taxed",
            ({"tables": ["silver.items", "silver.orders"], "key": ["order_id", "line"]}, False, None),
        ),
        ("gold.sums", "amount", ({"tables": ["gold.sums"], "key": []}, False, "total")),
    ],
)
def test_a_numeric_column_has_its_home(
    model: str, column: str, expected: tuple[object, ...] | None, models: dict[str, Any]
) -> None:
    """An amount of an order is at home in orders, wherever it is carried."""
    assert expected == read_facts(models[model], column)


def test_a_repeated_measure_names_the_join_and_the_relationship(models: dict[str, Any]) -> None:
    """All that the message of the compiler says, for other tools."""
    expected = {
        "text": "sum(o.amount)",
        "function": "sum",
        "column": "amount",
        "path": "models/gold/sums.sql",
        "line": 2,
        "columns": ["amount"],
        "homes": ["silver.orders"],
        "measure": None,
        "verdict": "repeated",
        "repeated_by": {
            "reason": "one row has many of `silver.items`",
            "declared": True,
            "table": "silver.items",
            "path": "models/gold/sums.sql",
            "line": 6,
            "relationship": {
                "parent": "silver.orders",
                "child": "silver.items",
                "on": {"order_id": "order_id"},
                "cardinality": "one_to_many",
            },
        },
    }
    actual = models["gold.sums"]["measures"][0]

    assert expected == actual


def test_measures_are_in_the_order_of_the_query(models: dict[str, Any]) -> None:
    """Each with its text on one line, also where it is a part of an expression or over several lines."""
    expected = [
        ("sum(o.amount)", "amount", "repeated", None),
        ("sum(CASE WHEN i.line > 0 THEN i.price ELSE 0 END)", None, "exact", None),
        ("avg(o.tax)", "tax", "repeated", "rate"),
    ]
    actual = [
        tuple(entry[name] for name in ("text", "column", "verdict", "measure"))
        for entry in models["gold.sums"]["measures"]
    ]

    assert expected == actual


def test_a_variable_in_a_measure_is_named(models: dict[str, Any]) -> None:
    """Its value is that of the environment, so it is in no file."""
    (entry,) = models["gold.unknown"]["measures"]

    assert (entry["text"], entry["verdict"]) == ("sum(a.x + ${y}) OVER (PARTITION BY a.id)", "unknown")


@pytest.mark.parametrize("setting", ['measures = "off"', "analysis = false"])
def test_without_the_analysis_no_home_is_claimed(setting: str, tmp_path: Path) -> None:
    """That a column is at home in its table is known only if all aggregates are followed."""
    lay_out({**FILES, "project.toml": f"{FILES['project.toml']}\n[compile]\n{setting}\n"}, tmp_path)
    models = compile_manifest(tmp_path)

    assert read_facts(models["silver.orders"], "amount") == (None, None, None)
    assert read_facts(models["silver.orders"], "tax") == (None, None, "rate")
    assert models["gold.sums"]["measures"] == []


def test_a_model_that_is_not_analysed_claims_no_home(tmp_path: Path) -> None:
    """Its columns may be those of any of its inputs."""
    function = (
        "from cbx import materialized_view, ref\n\n\n"
        '@materialized_view(key="line", columns={"line": "BIGINT", "amount": "DOUBLE"})\n'
        'def wide(orders=ref("silver.orders")):\n    return orders\n'
    )
    untraced = {
        "project.toml": f"{FILES['project.toml']}\n[compile]\ntrace = false\n",
        "models/silver/wide.py": function,
        "models/gold/total.sql": '{{ materialized_view() }}\nSELECT sum(amount) AS x FROM {{ ref("silver.wide") }}\n',
    }
    lay_out({**FILES, **untraced}, tmp_path)
    models = compile_manifest(tmp_path)

    assert read_facts(models["silver.wide"], "amount") == (None, None, None)
    assert [measure["verdict"] for measure in models["gold.total"]["measures"]] == ["unknown"]


def test_a_measure_that_moves_is_at_its_new_line(tmp_path: Path) -> None:
    """Only its model is compiled again; the manifest is that of compiling everything."""
    lay_out(FILES, tmp_path)
    build(tmp_path, Options("local"))
    path = tmp_path / "models/gold/sums.sql"
    path.write_text(path.read_text(encoding="utf-8").replace("SELECT sum(o.amount)", "SELECT\n  sum(-o.amount)"))
    build(tmp_path, Options("local"))
    written = json.loads((tmp_path / "target/manifest.json").read_text(encoding="utf-8"))["models"]

    assert written == compile_manifest(tmp_path)
    first = written["gold.sums"]["measures"][0]
    assert (first["text"], first["line"]) == ("sum(-o.amount)", 3)
