"""The documentation site: every page is in it, and it is read and searched without a network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cbx.cli.docs import find_page
from compiler.site import build_site
from compiler.tests.command import run_cbx
from compiler.tests.graph.browser import close_browser, open_browser, open_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "compiler" / "docs").rglob("*.md"))
LOADED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "srcset"}


@pytest.fixture(scope="module")
def site() -> Path:
    """The site, built where `make docs` builds it."""
    pytest.importorskip("zensical", reason="no Zensical (pip install zensical, with Python 3.11 or newer)")
    build_site.build_site(build_site.OUTPUT)
    return build_site.OUTPUT


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of this file."""
    yield open_browser()
    close_browser()


class LoadedFiles(HTMLParser):
    """The addresses of what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the address of what an element loads."""
        self.addresses += [value for name, value in attrs if name == LOADED.get(tag) and value]


def test_every_page_is_in_the_site(site: Path) -> None:
    """The index of GitHub is the site's first page, and its list of diagnostics a page of its own."""
    expected = {page.relative_to(ROOT / "compiler" / "docs").with_suffix(".html").as_posix() for page in PAGES}
    expected = {page.replace("README", "index") for page in expected} | {
        "codes/index.html",
        "architecture.html",
        "contributing.html",
    }
    actual = {page.relative_to(site).as_posix() for page in site.rglob("*.html")} - {"404.html"}

    assert expected == actual


def test_nothing_is_loaded_from_the_network(site: Path) -> None:
    """Also no font and no script: a laptop in a train shows the whole site."""
    loaded = LoadedFiles()
    for page in site.rglob("*.html"):
        loaded.feed(page.read_text(encoding="utf-8"))
    styles = "".join(style.read_text(encoding="utf-8") for style in site.rglob("*.css"))

    assert len(loaded.addresses) > len(PAGES)
    assert [address for address in set(loaded.addresses) if re.match(r"(https?:)?//", address)] == []
    assert re.findall(r"(?:url\(|@import)[\s\"']*(?:https?:)?//", styles) == []


def test_a_code_block_has_the_path_of_its_file(site: Path) -> None:
    """As the page on GitHub has it behind the language."""
    assert '<span class="filename">models/gold/revenue.sql</span>' in (site / "codes/CBX314.html").read_text("utf-8")


def test_choices_in_tables_are_shown_as_they_are_typed(site: Path) -> None:
    """GitHub needs a backslash before the bar, which other Markdown shows."""
    assert "<code>--engine sail|spark</code>" in (site / "commands.html").read_text("utf-8")


def test_the_list_of_diagnostics_says_what_each_means(site: Path) -> None:
    """With the first sentence of its page."""
    text = (site / "codes/index.html").read_text("utf-8")

    assert "<td>An aggregate counts rows several times.</td>" in text
    assert text.count("<tr>") == len([page for page in PAGES if page.parent.name == "codes"]) + 1


@pytest.mark.parametrize("text", ["[gone](gone.md)", "[gone](language.md#gone)"], ids=["page", "heading"])
def test_a_broken_link_fails_the_build(tmp_path: Path, text: str) -> None:
    """A renamed page or heading must take its links along."""
    pytest.importorskip("zensical", reason="no Zensical (pip install zensical, with Python 3.11 or newer)")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/index.md").write_text(f"# Index\n\n{text}\n", encoding="utf-8")
    (tmp_path / "pages/language.md").write_text("# Language\n", encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text("site_name: cbx\ndocs_dir: pages\n", encoding="utf-8")

    with pytest.raises(RuntimeError, match="does not exist"):
        build_site.run_generator(tmp_path)


@pytest.mark.parametrize("heading", ["`[environments.<name>]`, again", "Rows: kept or not?", "snake_case and-dash"])
def test_anchors_are_those_of_github(heading: str) -> None:
    """The pages link to headings as GitHub names them."""
    expected = {
        "`[environments.<name>]`, again": "environmentsname-again",
        "Rows: kept or not?": "rows-kept-or-not",
        "snake_case and-dash": "snake_case-and-dash",
    }

    assert expected[heading] == build_site.anchor_of(heading)


def test_the_search_works_from_a_file(site: Path, browser: Browser) -> None:
    """It finds a word, and leads to its page."""
    with open_page(browser, viewport={"width": 1280, "height": 900}) as page:
        page.goto((site / "codes/CBX314.html").as_uri())
        while not page.locator("input:focus").count():  # the page's scripts take a while on a busy machine
            page.keyboard.press("Control+k")
            page.wait_for_timeout(100)
        page.keyboard.type("quarantine")
        page.get_by_text(re.compile(r"\d+ results")).wait_for()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"howto/quarantine\.html"))


def test_no_page_is_wider_than_the_screen(site: Path, browser: Browser) -> None:
    """Code and tables scroll on their own."""
    wide = []
    with open_page(browser) as page:
        for name in ("index", "language", "running", "project-toml", "codes/index", "codes/CBX314"):
            page.goto((site / f"{name}.html").as_uri())
            for width in (390, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                wide += [(name, width)] if page.evaluate("document.documentElement.scrollWidth") > width else []

    assert wide == []


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("running", "running"),
        ("running.md", "running"),
        ("314", "codes/CBX314"),
        ("cbx314", "codes/CBX314"),
        ("repeated-measure", "codes/CBX314"),
        ("architecture", "architecture"),
    ],
)
def test_a_page_is_found_by_its_name_or_code(site: Path, name: str, page: str) -> None:
    """However a reader spells it."""
    assert find_page(name, site) == page


def test_docs_prints_the_path_where_nobody_sees_a_browser(site: Path) -> None:
    """In a pipe, or with `--print`."""
    index = site / "index.html"
    expected = [f"{site / 'codes/CBX314.html'}\n", f"{index}\n", f"{index}\n"]
    actual = [run_cbx(ROOT, "docs", *arguments).stdout for arguments in (["CBX314"], ["--print"], ["#reference"])]

    assert expected == actual


def test_a_wrong_page_is_an_error_with_the_nearest_one(site: Path) -> None:  # noqa: ARG001 - it must be built
    """Among pages, codes and names of codes."""
    result = run_cbx(ROOT, "docs", "runing")

    assert result.returncode == 2
    assert result.stderr == (
        "error: there is no page `runing` in the documentation\n  = hint: did you mean `running`?\n"
    )


@pytest.mark.parametrize(
    ("is_checkout", "message"),
    [(True, "run `make docs`, which installs the extra `docs`"), (False, "install a wheel of circuit-box")],
)
def test_without_a_site_the_error_says_how_to_get_it(tmp_path: Path, is_checkout: bool, message: str) -> None:  # noqa: FBT001
    """In a checkout, and in an installation that was built without the generator."""
    shutil.copytree(ROOT / "compiler" / "cbx", tmp_path / "compiler" / "cbx")
    if is_checkout:
        (tmp_path / "compiler" / "site").mkdir()
    command = [
        sys.executable,
        "-P",
        "-c",
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import cbx.cli; cbx.cli.main()",
    ]
    done = subprocess.run(
        [*command, str(tmp_path / "compiler"), "docs"], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert done.returncode == 2
    assert message in done.stderr
