"""The pages of the codes of a run: their examples report what the pages show, and the ways out succeed."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from literate import Case, read_cases
from rich.console import Console

from cbx.cli.display.run import run_errors, show_run_errors
from cbx.diagnostics.codes import every_code
from cbx.runtime import CannotRunError, RunRequest, run_update

PAGES = Path(__file__).parents[2] / "docs" / "codes"
CODES = sorted({code.id for code in every_code() if "CBX501" <= code.id < "CBX550"})


def run(folder: Path) -> str:
    """The errors of an update of the notebooks in a folder, as people see them."""
    text = io.StringIO()
    console = Console(file=text, width=300)
    request = RunRequest((Path("notebooks"),), folder / ".cbx", {}, folder, master="local[2]")
    try:
        show_run_errors(console, run_errors(run_update(request, lambda _: None)))
    except CannotRunError as error:
        show_run_errors(console, [error.diagnostic])
    return text.getvalue()


def write_and_run(case: Case, folder: Path) -> str:
    """Write the files of a case in their order, and run after those that replace another and at the end."""
    for block in case.blocks:
        language, _, path = block.info.partition(" ")
        if not path:
            continue
        file = folder / path
        if file.exists() and language == "python":
            run(folder)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.body, encoding="utf-8")
    return run(folder)


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("code", CODES)
def test_the_example_is_reported_as_the_page_shows(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages print what `cbx run` prints, and the way out has no error."""
    monkeypatch.chdir(tmp_path)
    example, fix = (case for case in read_cases(PAGES / f"{code}.md") if case.title in ("Example", "How to fix it"))
    (shown,) = (block.body for block in example.blocks if block.info == "text")
    reported, _, more = write_and_run(example, tmp_path).partition("\n\n")
    fixed = write_and_run(fix, tmp_path)

    assert reported + "\n" == shown
    assert re.findall(r"CBX\d+", more) == [code]
    assert fixed == ""
