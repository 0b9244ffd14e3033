"""Literate cases of `cbx import`: a pipeline, and what it becomes.

Blocks below ``pipeline/`` are the source files. The other blocks with a path are files of the project that is
written. A block ``left`` holds what is left, and why; without one nothing may be left.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from literate import Case, read_cases

from cbx.compiler import compile_project
from cbx.importing.import_pipeline import ImportRequest, ImportResult, import_pipeline

CASES = read_cases(Path(__file__).parent / "cases")


def lay_out_pipeline(case: Case, folder: Path) -> Path:
    """Write the source files of a case."""
    pipeline = folder / "pipeline"
    for path, text in case.files.items():
        if path.startswith("pipeline/"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    return pipeline


def import_case(case: Case, folder: Path) -> ImportResult:
    """Import the pipeline of a case as the project `shop`."""
    return import_pipeline(ImportRequest((lay_out_pipeline(case, folder),), "shop"))


def left_text(result: ImportResult) -> str:
    return "".join(f"{item.place} {item.what}: {item.reason}\n" for item in result.report.left)


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_pipeline_becomes_the_project_of_its_case(case: Case, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The files that the case shows are written as it shows them, and nothing else is left."""
    result = import_case(case, tmp_path)
    expected = {path: text for path, text in case.files.items() if not path.startswith("pipeline/")}
    left = next((block.body for block in case.blocks if block.info == "left"), "")
    actual = {path: result.files.get(path, "") for path in expected}
    if request.config.getoption("--bless"):
        bless(case, {**actual, "left": left_text(result)})
        return

    assert (expected, left) == (actual, left_text(result))


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_what_was_imported_compiles(case: Case, tmp_path: Path) -> None:
    """The project of every case has no error."""
    result = import_case(case, tmp_path)
    for path, text in result.files.items():
        (tmp_path / "shop" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / path).write_text(text, encoding="utf-8")
    expected: list[str] = []
    diagnostics = compile_project(tmp_path / "shop").diagnostics
    actual = [diagnostic.message for diagnostic in diagnostics if diagnostic.severity == "error"]

    assert expected == actual


def bless(case: Case, texts: dict[str, str]) -> None:
    """Rewrite the expectations of a case."""
    document = case.document.read_text(encoding="utf-8")
    for block in case.blocks:
        name = block.info.split(" ", 1)[-1]
        if name in texts:
            old = f"```{block.info}\n{block.body}```"
            heading = document.index(f"## {case.title}\n")
            start = document.index(old, heading)
            document = f"{document[:start]}```{block.info}\n{texts[name]}```{document[start + len(old) :]}"
    case.document.write_text(document, encoding="utf-8")
