"""``cbx docs``: opens the documentation, which is installed with the package."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from cbx.cli.stop import stop

_PACKAGE = Path(__file__).parents[1]
_CHECKOUT = _PACKAGE.parents[1]
_SITES = (_PACKAGE / "docs" / "site", _CHECKOUT / "build" / "site")


def docs(
    page: Annotated[
        str | None,
        typer.Argument(metavar="PAGE", help="A page, such as running or howto/backfill, or a code, such as CBX314."),
    ] = None,
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the path of the page instead of opening it in a browser.")
    ] = False,
) -> None:
    """Open the documentation in a browser. It needs no network."""
    site = find_site()
    name, _, fragment = (page or "").partition("#")
    file = site / f"{find_page(name or 'index', site)}.html"
    if only_print or not open_in_browser(f"{file.as_uri()}{'#' * bool(fragment)}{fragment}"):
        print(file)


def find_site() -> Path:
    """The folder of the built site; without one the command ends with an error."""
    site = locate_site()
    if site is None:
        is_checkout = (_CHECKOUT / "compiler" / "site").is_dir()
        reason = "not built in this checkout" if is_checkout else "not part of this installation"
        hint = "run `make docs`, which installs the extra `docs`" if is_checkout else "install a wheel of circuit-box"
        stop(f"the documentation is {reason}", hint)
    return site


def locate_site() -> Path | None:
    """The folder of the built site; None if there is none."""
    return next((folder for folder in _SITES if (folder / "index.html").is_file()), None)


def find_page(name: str, site: Path) -> str:
    """The path of a page in the site, without its suffix; a wrong name ends the command with an error.

    Args:
        name: The page's path, its last part, or a diagnostic code or its name.
        site: The folder of the site.
    """
    from cbx.diagnostics.codes import every_code, find_code
    from cbx.diagnostics.diagnostic import did_you_mean

    pages = sorted(file.relative_to(site).with_suffix("").as_posix() for file in site.rglob("*.html"))
    spelling = name.strip().strip("/").removesuffix(".md").removesuffix(".html").lower()
    code = find_code(spelling)
    wanted = f"codes/{code.id}".lower() if code else spelling
    by_path = (page for page in pages if page.lower() == wanted)
    by_last_part = (page for page in pages if page.lower().rpartition("/")[2] == wanted)
    found = next(by_path, None) or next(by_last_part, None)
    if found is None:
        names = [page for page in pages if not page.startswith("codes/") and page != "404"]
        codes = [word for entry in every_code() for word in (entry.id, entry.name)]
        hint = did_you_mean(name, [*names, *(page.rpartition("/")[2] for page in names), *codes])
        stop(f"there is no page `{name}` in the documentation", hint or "`cbx docs` opens the index, with a search")
    return found


def open_in_browser(address: str) -> bool:
    """Open an address in a browser; False if there is none, or nobody at the terminal."""
    if not sys.stdout.isatty():
        return False
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False
