"""What an installed cbx brings along besides its modules."""

from __future__ import annotations

import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "compiler" / "cbx"


def test_the_wheel_holds_every_file_of_the_package_and_the_documentation(tmp_path: Path) -> None:
    """The HTML page is made of files that are not modules, ``cbx explain`` prints pages, ``cbx docs`` a site."""
    (built,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    held = set(zipfile.ZipFile(built).namelist())
    expected = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    expected |= {f"cbx/docs/codes/{page.name}" for page in (ROOT / "compiler" / "docs" / "codes").glob("*.md")}

    if find_spec("zensical"):
        expected |= {"cbx/docs/site/index.html", "cbx/docs/site/codes/CBX314.html", "cbx/docs/site/search.js"}

    assert expected - held == set()
    assert "cbx/render/html/page/page.html" in held
