"""Every key of a model is shown with its own verdict wherever keys are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compiler.tests.graph.looking import showing, texts
from compiler.tests.graph.pages import cbx_graph

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FILES = {
    "project.toml": '[project]\nname = "library"\nlayers = ["shelves"]\n',
    "models/shelves/books.sql": (
        '{{ materialized_view(key="isbn", keys=["barcode", ["shelf", "place"]]) }}\n'
        "SELECT isbn, max(barcode) AS barcode, max(shelf) AS shelf, max(place) AS place\n"
        'FROM {{ source("raw.books") }} GROUP BY isbn\n'
    ),
    "models/shelves/loans.sql": (
        '{{ materialized_view(keys=["loan"], relationships=[many_to_one("shelves.books", on="isbn")]) }}\n'
        'SELECT DISTINCT loan, "x" AS isbn FROM {{ source("raw.loans") }}\n'
    ),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose books have three keys, of which one is proven, and whose loans have a further key only."""
    root = tmp_path_factory.mktemp("library")
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def test_the_json_has_further_keys(library: Path) -> None:
    """Beside the key, which stays as it was."""
    nodes = {node["id"]: node for node in json.loads(cbx_graph(library, "--format", "json"))["nodes"]}

    assert (nodes["shelves.books"]["key"], nodes["shelves.books"]["key_verdict"]) == (["isbn"], "proven")
    assert nodes["shelves.books"]["further_keys"] == [
        {"columns": ["barcode"], "verdict": "unproven"},
        {"columns": ["shelf", "place"], "verdict": "unproven"},
    ]
    assert (nodes["shelves.loans"]["key"], nodes["shelves.loans"]["key_verdict"]) == (None, None)
    assert nodes["shelves.loans"]["further_keys"] == [{"columns": ["loan"], "verdict": "proven"}]
    assert nodes["source:raw.books"]["further_keys"] == []


SHOWN = {
    "tree": ["key isbn (proven) · key barcode (unproven) · key shelf, place (unproven)", "· key loan (proven)"],
    "mermaid": [
        'isbn PK "key proven"',
        'barcode UK "further key unproven"',
        'place UK "further key unproven"',
        'loan UK "further key proven"',
    ],
    "dot": [
        "> key proven</FONT></TD>",
        "> further key unproven</FONT></TD>",
    ],
    "svg": [
        "shelves.books, key isbn proven; key barcode unproven; key shelf, place unproven",
        ">UK</text>",
        ">PK</text>",
    ],
}


@pytest.mark.parametrize("form", SHOWN)
def test_pictures_show_further_keys(form: str, library: Path) -> None:
    """With the verdict of each."""
    relationships = [] if form == "tree" else ["--relationships"]
    shown = cbx_graph(library, "--format", form, *relationships)

    assert [text for text in SHOWN[form] if text not in shown] == []


def test_the_page_shows_each_key_with_its_own_check(library: Path, tmp_path: Path, browser: Browser) -> None:
    """A proven key is not said to be checked because another one is."""
    page = tmp_path / "library.html"
    cbx_graph(library, "--output", str(page))

    with showing(browser, f"{page.as_uri()}#/lineage/shelves.books") as shown:
        assert texts(shown, ".key-line") == ["isbn proven", "barcode unproven", "shelf place unproven"]
        assert texts(shown, ".key-line + .checked") == [
            "Checked on the data by target/notebooks/checks/shelves_books_key_barcode.py",
            "Checked on the data by target/notebooks/checks/shelves_books_key_shelf_place.py",
        ]
    with showing(browser, f"{page.as_uri()}#/lineage/shelves.books/columns") as shown:
        marks = shown.locator(".key-mark").evaluate_all("all => all.map(one => [one.title, one.className])")
        assert marks == [
            ["key isbn, proven", "key-mark proven"],
            ["key barcode, unproven", "key-mark"],
            ["key shelf, place, unproven", "key-mark"],
            ["key shelf, place, unproven", "key-mark"],
        ]
    with showing(browser, f"{page.as_uri()}#/relationships") as shown:
        assert texts(shown, ".entity .mark.key.proven") == ["PK", "UK"]
        assert texts(shown, ".entity .mark.key") == ["PK", "UK", "UK", "UK", "UK"]
