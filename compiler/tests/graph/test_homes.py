"""Where numbers are at home, marks on repeated columns, and verdicts on aggregates, wherever columns are shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from literate import lay_out, read_cases

import cbx.render.html
from cbx.compiler import compile_project
from cbx.graph.read_manifest import read_manifest
from cbx.render.palette import WARNING
from compiler.tests.graph.browser import open_page
from compiler.tests.graph.looking import showing, texts
from compiler.tests.graph.pages import cbx_graph
from compiler.tests.graph.test_svg import MEASURE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

(EXAMPLE,) = (case for case in read_cases(Path(__file__).parents[2] / "docs" / "graph.md") if case.title == "Columns")
FILES = {
    "project.toml": '[project]\nname = "shop"\n',
    "models/silver/orders.sql": (
        '{{ materialized_view(key="order_id", relationships=[one_to_many("silver.items", on="order_id")], columns={\n'
        '    "order_id": "BIGINT", "shop_id": "BIGINT", "amount": "DOUBLE", "tax": column("DOUBLE", measure="rate")\n'
        '}) }}\nSELECT order_id, shop_id, amount, tax FROM {{ source("raw.orders") }}\n'
    ),
    "models/silver/shops.sql": (
        '{{ materialized_view(key="shop_id", relationships=[one_to_many("silver.orders", on="shop_id")],\n'
        '    columns={"shop_id": "BIGINT"}) }}\nSELECT shop_id FROM {{ source("raw.shops") }}\n'
    ),
    "models/silver/items.sql": (
        '{{ materialized_view(key=["order_id", "line"],\n'
        '    columns={"order_id": "BIGINT", "line": "INT", "price": "DOUBLE"}) }}\n'
        'SELECT order_id, line, price FROM {{ source("raw.items") }}\n'
    ),
    "models/gold/lines.sql": (
        '{{ materialized_view(key=["order_id", "line"]) }}\n'
        "SELECT i.order_id, i.line, o.shop_id, o.amount AS an_amount_with_a_name_that_is_long, o.tax,\n"
        "  i.price * o.tax AS taxed\n"
        'FROM {{ ref("silver.items") }} AS i JOIN {{ ref("silver.orders") }} AS o ON o.order_id = i.order_id\n'
    ),
    "models/gold/totals.sql": (
        '{{ materialized_view(key=["order_id", "line"]) }}\n'
        'SELECT i.order_id, i.line, t.total FROM {{ ref("silver.items") }} AS i\n'
        'JOIN (SELECT order_id, sum(price) AS total FROM {{ ref("silver.items") }} GROUP BY order_id) AS t\n'
        "  ON t.order_id = i.order_id\n"
    ),
    "models/gold/sums.sql": (
        '{{ materialized_view(key="shop_id") }}\n'
        "SELECT o.shop_id, sum(o.amount) AS amount, round(sum(i.price), 2) AS price, avg(o.tax) AS tax\n"
        'FROM {{ ref("silver.orders") }} AS o JOIN {{ ref("silver.items") }} AS i ON i.order_id = o.order_id\n'
        "GROUP BY o.shop_id\n"
    ),
}


@pytest.fixture(scope="module")
def shop_with_lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("lines")
    lay_out(FILES, root)
    return root


LONG = "an_amount_with_a_name_that_is_long"
SHOWN: dict[str, tuple[list[str], int]] = {
    "tree": (
        [
            f"gold.lines.{LONG}  DOUBLE · home silver.orders · repeated\n",
            "gold.lines.tax  DOUBLE · home silver.orders\n",
            "gold.lines.taxed  DOUBLE · home silver.items and silver.orders\n",
            "gold.totals.total  DOUBLE · per order_id\n",
            "gold.lines.shop_id  BIGINT\n",
            "silver.orders.amount  DOUBLE\n",
            "\nrepeated: a row of its home is in several rows here, so a sum counts it several times\n",
        ],
        2,
    ),
    "mermaid": (
        [
            f'["{LONG}<br/><small>home silver.orders, repeated</small>"]',
            '["tax<br/><small>home silver.orders</small>"]',
            '["shop_id"]',
            f"  class c_gold_lines_{LONG} repeated\n",
        ],
        3,
    ),
    "dot": (
        [
            f'>{LONG}<FONT POINT-SIZE="9" COLOR="#8a5a00"> home silver.orders, repeated</FONT></TD>',
            '>tax<FONT POINT-SIZE="9" COLOR="#5d6877"> home silver.orders</FONT></TD>',
            ">shop_id</TD>",
        ],
        1,
    ),
    "svg": (
        [
            'class="small warning" text-anchor="end">home silver.orders · repeated</text>',
            'class="small faint" text-anchor="end">home silver.orders</text>',
            ">per order_id</text>",
            "<g><title>a row of its home is in several rows here, so a sum counts it several times</title>",
        ],
        1,
    ),
}
"""What each picture has, and how often it has the word ``repeated``."""


@pytest.mark.parametrize("form", SHOWN)
def test_pictures_show_homes_and_marks(form: str, shop_with_lines: Path) -> None:
    """A rate and the columns of keys and relationships, also further down, are not marked."""
    shown = cbx_graph(shop_with_lines, "--format", form, "--columns")

    expected, repeated_count = SHOWN[form]

    assert [text for text in expected if text not in shown] == []
    assert shown.count("repeated") == repeated_count


@pytest.mark.parametrize("form", SHOWN)
def test_nothing_is_said_of_columns_at_home(form: str, shop_with_lines: Path) -> None:
    """Most columns are."""
    shown = cbx_graph(shop_with_lines, "--format", form, "--columns", "--select", "silver.*")

    assert "home" not in shown
    assert "repeated" not in shown


def test_keys_and_relationships_that_are_not_selected_count(shop_with_lines: Path) -> None:
    """`shop_id` is not marked because of a relationship to a table that is not drawn."""
    shown = cbx_graph(shop_with_lines, "--columns", "--select", "silver.orders gold.lines", "--format", "tree")

    assert "→ gold.lines.shop_id  BIGINT\n" in shown


def test_the_json_has_homes_and_measures(shop_with_lines: Path) -> None:
    """As the manifest has them."""
    nodes = {node["id"]: node for node in json.loads(cbx_graph(shop_with_lines, "--format", "json"))["nodes"]}
    columns = {column["name"]: column for column in nodes["gold.lines"]["columns"]}

    assert columns[LONG]["home"] == {"tables": ["silver.orders"], "key": ["order_id"]}
    assert (columns[LONG]["repeated"], columns["tax"]["measure"]) == (True, "rate")
    assert nodes["gold.sums"]["measures"][0] == {
        "text": "sum(o.amount)",
        "column": "amount",
        "homes": ["silver.orders"],
        "measure": None,
        "verdict": "repeated",
    }
    assert nodes["source:raw.orders"]["measures"] == []


def test_a_manifest_of_an_earlier_version_has_no_homes(shop_with_lines: Path) -> None:
    """`--state-manifest` reads one; nothing is claimed of its columns."""
    artifacts = {artifact.path: artifact.text for artifact in compile_project(shop_with_lines).artifacts}
    manifest = json.loads(artifacts["manifest.json"])
    for model in manifest["models"].values():
        del model["measures"]
        model["columns"] = [
            {name: value for name, value in column.items() if name not in {"home", "repeated", "measure"}}
            for column in model["columns"]
        ]
    graph = read_manifest(manifest)

    assert not any(
        column.home or graph.is_counted_several_times(node.id, column)
        for node in graph.nodes
        for column in node.columns
    )


def test_the_mark_has_one_colour_in_pictures_and_on_the_page() -> None:
    """Amber: a column that is repeated is no error."""
    page = Path(cbx.render.html.__file__).with_name("page") / "page.css"

    assert f"--warn: light-dark({WARNING.light}, {WARNING.dark});" in page.read_text(encoding="utf-8")


def test_notes_fit_beside_names(browser: Browser, shop_with_lines: Path) -> None:
    """In the picture of all columns."""
    with open_page(browser) as page:
        page.set_content(cbx_graph(shop_with_lines, "--format", "svg", "--columns"))

        assert page.evaluate(MEASURE) == [True, [], [], []]


def test_the_page_shows_homes_marks_and_verdicts(browser: Browser, shop_with_lines: Path, tmp_path: Path) -> None:
    """Of a model's columns and aggregates."""
    address = tmp_path / "shop.html"
    cbx_graph(shop_with_lines, "--output", str(address))

    with showing(browser, f"{address.as_uri()}#/lineage/gold.lines/columns") as page:
        assert texts(page, ".home") == [
            "at home in silver.orders: one value per order_id, counted several times here",
            "at home in silver.orders",
            "at home in silver.items and silver.orders",
        ]
        assert texts(page, ".repeated-mark") == ["repeated"]
        assert page.get_attribute(".repeated-mark", "title") == (
            f"A row of silver.orders is in several rows here: a sum over {LONG} counts it several times."
        )
        assert texts(page, ".measure-mark") == ["rate"]
    with showing(browser, f"{address.as_uri()}#/lineage/gold.totals/columns") as page:
        assert texts(page, ".home") == ["one value per order_id"]
        assert texts(page, ".measure-mark") == ["total"]
    with showing(browser, f"{address.as_uri()}#/lineage/gold.sums") as page:
        assert texts(page, ".measures li") == [
            "sum(o.amount) repeated amount · one row has many of silver.items",
            "sum(i.price) exact each row of silver.items counts once",
            "avg(o.tax) repeated, a rate tax · one row has many of silver.items",
        ]


def test_the_example_of_the_documentation_is_drawn_as_it_shows(tmp_path: Path) -> None:
    """A page must not show yesterday's output."""
    (expected,) = (block.body for block in EXAMPLE.blocks if block.info == "text columns")
    files = {path: body for path, body in EXAMPLE.files.items() if path.startswith("models/")}
    lay_out(files, tmp_path)

    assert expected == cbx_graph(tmp_path, "--columns", "gold.lines.order_amount")
