"""The documentation pages of codes, which are installed with the package."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parents[1]
_FOLDERS = (_HERE / "docs" / "codes", _HERE.parent / "docs" / "codes")


def read_page(code: str) -> str | None:
    """The Markdown page of a diagnostic code; None if there is none."""
    for folder in _FOLDERS:
        page = folder / f"{code}.md"
        if page.is_file():
            return page.read_text(encoding="utf-8")
    return None
