"""The documentation of a project on the page: the table of its models, and its prose pages."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from cbx.render.html.prose import ProsePage, prose_data
from compiler.tests.command import run_cbx
from compiler.tests.graph.looking import place, serious_findings, showing
from compiler.tests.graph.pages import HOSTILE, large

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[3]
CONTRASTS = (Path(__file__).parent / "contrasts.js").read_text(encoding="utf-8")


def elements_of(text: str) -> list[Any]:
    pages = [ProsePage("orders", text), ProsePage("other", "# Other"), ProsePage("my page", "")]
    return prose_data(pages, {"silver.orders"})[0][2]


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("# All *orders*", [["h1", "All ", ["em", "orders"]]]),
        ("- one\n- **two**", [["ul", ["li", "one"], ["li", ["strong", "two"]]]]),
        ("- one\n\n- two", [["ul", ["li", ["p", "one"]], ["li", ["p", "two"]]]]),
        ("```sql\nSELECT 1\n```", [["pre", "SELECT 1"]]),
        ("a\nb", [["p", "a", " ", "b"]]),
        (
            "| a |\n|---|\n| `b` |",
            [["table", ["thead", ["tr", ["th", "a"]]], ["tbody", ["tr", ["td", ["code", "b"]]]]]],
        ),
        ("[x](https://example.com)", [["p", ["a", "https://example.com", "x"]]]),
        ("[x](other.md#part)", [["p", ["a", "#/docs/other", "x"]]]),
        ("[x](../models/silver/shop/orders.sql)", [["p", ["a", "#/lineage/silver.orders", "x"]]]),
        ("[x](silver.orders)", [["p", ["a", "#/lineage/silver.orders", "x"]]]),
        ("[x](missing.md) [y](silver.none) [z](#here)", [["p", "x", " ", "y", " ", "z"]]),
        ("[x](<my page.md>)", [["p", ["a", "#/docs/my%20page", "x"]]]),
        ("[x](https://example.com/a%20b)", [["p", ["a", "https://example.com/a%20b", "x"]]]),
        ("[x](https%3A//example.com)", [["p", "x"]]),
        ("![A shop](shop.png)", [["p", ["em", "A shop"]]]),
        ("<b>x</b>", [["p", "<b>x</b>"]]),
    ],
)
def test_markdown_becomes_elements(text: str, elements: list[Any]) -> None:
    """Links lead to the web, to pages and to models that exist; markup is text."""
    assert elements == elements_of(text)


@pytest.mark.parametrize("scheme", ["javascript", "data", "vbscript", "file", "JavaScript", "java\tscript"])
def test_a_link_cannot_run_code(scheme: str) -> None:
    """Not even in an address that Markdown accepts."""
    for address in (f"{scheme}:alert(1)", f"<{scheme}:alert(1)>", f"{scheme}&#58;alert(1)"):
        assert "'a'" not in repr(elements_of(f"[x]({address})")), address


def test_the_title_is_the_first_heading_or_the_name() -> None:
    """It is listed beside the page."""
    pages = [ProsePage("a", "text\n\n# The `title`"), ProsePage("b", "text"), ProsePage("c", "")]

    assert [[name, title] for name, title, _ in prose_data(pages, ())] == [["a", "The title"], ["b", "b"], ["c", "c"]]


@pytest.fixture(scope="module")
def payments(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a project with prose pages, two of which are hostile."""
    folder = tmp_path_factory.mktemp("payments") / "payments"
    shutil.copytree(ROOT / "examples" / "payments", folder, ignore=shutil.ignore_patterns("target", ".cbx", "landing"))
    (folder / "docs" / "hostile.md").write_text(f"# {HOSTILE}\n\n{HOSTILE}\n\n`{HOSTILE}`\n\n> {HOSTILE}\n", "utf-8")
    (folder / "docs" / "binary.md").write_bytes(b"\xff\xfe\x00")
    (folder / "docs" / "large.md").write_bytes(b"a" * ((1 << 20) + 1))
    (folder / "docs" / "outside.md").symlink_to(ROOT / "README.md")
    done = run_cbx(folder, "graph", "--output", "graph.html", "--no-trace")
    assert done.returncode == 0, done.stderr
    assert "docs/binary.md is left out: it is not UTF-8\n" in done.stderr
    assert "docs/large.md is left out: it has 1,048,577 bytes, and at most 1,048,576 are read\n" in done.stderr
    assert "docs/outside.md is left out: it is a link out of the project\n" in done.stderr
    return (folder / "graph.html").as_uri()


def test_the_models_are_listed_with_what_describes_them(browser: Browser, payments: str) -> None:
    """Owner, tags, key with its verdict, rules and columns; and each leads to its page."""
    with showing(browser, f"{payments}#/docs") as page:
        row = page.locator("#docs tr", has=page.get_by_role("link", name="payments", exact=True))
        cells = [cell.replace("\n", " ") for cell in row.locator("td").all_inner_texts()]
        page.click("#docs a:text-is('merchants')")

        assert cells == ["The latest state of each payment.", "payments", "", "payment_id proven", "2", "7"]
        assert place(page) == "#/lineage/silver.merchants"
        assert not page.is_visible("#docs")


def test_many_models_are_listed_in_parts(browser: Browser) -> None:
    """A table of thousands of rows would take seconds to lay out."""
    with showing(browser, f"{large(633)}#/docs") as page:
        rows = page.locator("#docs tbody tr")
        before = rows.count()
        page.click("#docs .more >> nth=0")

        assert before == 3 * (1 + 200 + 1)
        assert rows.count() == before + 10
        assert page.evaluate("document.activeElement.closest('tr') !== null")


def test_prose_pages_lead_to_each_other_and_to_models(browser: Browser, payments: str) -> None:
    """`index.md` is the first; a name of a model in code is a link."""
    with showing(browser, payments) as page:
        page.click("#view-docs")
        page.wait_for_selector("#docs > nav a")
        titles = page.locator("#docs > nav a").all_inner_texts()
        page.click("#docs > nav a:text-is('The payments lakehouse')")
        page.click("#docs article a:text-is('how amounts are counted')")
        page.wait_for_selector("#docs h1:text-is('How amounts are counted')")
        heading, title = page.inner_text("#docs h1"), page.title()
        page.get_by_role("link", name="silver.payments", exact=True).click()
        opened = place(page)
        page.go_back()

        assert titles[:3] == ["Models", "The payments lakehouse", "How amounts are counted"]
        assert heading == "How amounts are counted"
        assert title == "payments: How amounts are counted"
        assert opened == "#/lineage/silver.payments"
        assert page.is_visible("#docs")


def test_the_search_finds_pages_by_their_words(browser: Browser, payments: str) -> None:
    """With the words around what was found; a title counts as much as the name of a model."""
    with showing(browser, payments) as page:
        page.fill("#query", "neither refunded")
        page.wait_for_selector("#list .item-excerpt")
        excerpts = page.locator("#list .item-excerpt").all_inner_texts()
        page.fill("#query", "amounts are counted")
        page.keyboard.press("Enter")
        page.wait_for_selector("#docs h1:text-is('How amounts are counted')")

        assert len(excerpts) == 1
        assert "nor those that were refunded" in excerpts[0]
        assert place(page) == "#/docs/amounts"
        assert page.get_attribute("#query", "placeholder") == "Model or page"

        page.fill("#query", "<img")
        page.locator("#list a", has_text=HOSTILE[:6]).first.wait_for()
        assert page.locator("#list img").count() == 0


def test_a_hostile_page_is_only_text(browser: Browser, payments: str) -> None:
    """Nothing of it becomes an element, and a file that is no text is left out."""
    with showing(browser, f"{payments}#/docs/hostile") as page:
        assert page.locator("#docs article :is(b, img, script)").count() == 0
        assert "<b>" in page.inner_text("#docs article")
        assert page.title() != "taken"
        assert page.locator("#docs > nav a").count() == 4


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read(browser: Browser, payments: str, scheme: str) -> None:
    """The contrast of text is at least 4.5 to 1, and axe finds nothing serious: also where pages are found."""
    poor = []
    for name in ("docs", "docs/index", "docs/amounts", "relationships/silver.payments"):
        with showing(browser, f"{payments}#/{name}", color_scheme=scheme) as page:
            page.fill("#query", "counted")
            poor += page.evaluate(CONTRASTS) + serious_findings(page)

    assert poor == []


def test_the_bar_fits_a_narrow_window(browser: Browser, payments: str) -> None:
    """With all three views."""
    with showing(browser, f"{payments}#/docs/amounts", viewport={"width": 390, "height": 800}) as page:
        right = "Math.max(...[...document.querySelectorAll('.bar > *')].map(e => e.getBoundingClientRect().right))"

        assert page.evaluate(right) <= 390
        assert page.evaluate("document.documentElement.scrollWidth") == 390


TAGS = {
    *[
        "p",
        "ul",
        "ol",
        "li",
        "blockquote",
        "hr",
        "strong",
        "em",
        "s",
        "br",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "pre",
        "a",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ]
}
PIECES = (
    *("# ", "- ", "1. ", "> ", "| a | b |\n|---|---|\n", "```\n", "`", "**", "*", "~~", "\n", "\n\n", "    "),
    *("[x](", ")", "](", "![", "]", "<", ">", "[1]: data:text/html,x\n", "[1]", "\\", "&lt;", "\x00", "word", HOSTILE),
    *("javascript:alert(1)", "&#106;avascript:alert(1)", "https://example.com", "https%3A//x", "//example.com"),
    *("mailto:a@b.c", "#/docs/other", "other.md", "../models/silver/orders.sql"),
)


def elements_in(element: Any) -> Iterator[list[Any]]:
    if isinstance(element, list):
        yield element
        for child in element[2:] if element[0] == "a" else element[1:]:
            yield from elements_in(child)


@pytest.mark.parametrize("seed", range(20))
def test_random_pages_have_no_other_elements_and_links(seed: int) -> None:
    """Whatever is written: tags are those that the page's scripts make, links go to the web or stay on the page."""
    chance = Random(seed)
    for _ in range(100):
        text = "".join(chance.choices(PIECES, k=chance.randint(1, 60)))
        found = list(elements_in(["p", *elements_of(text)]))

        assert {element[0] for element in found} <= TAGS, text
        addresses = [element[1] for element in found if element[0] == "a"]
        assert all(re.match(r"https?://|mailto:|#/docs/|#/lineage/", address) for address in addresses), text
