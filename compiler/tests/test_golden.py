"""Whole projects in and out: `golden/<name>/` is a project with the `target/` that it compiles to."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cbx.compiler import compile_project
from cbx.target.write import write_target

PROJECTS = sorted(path.parent for path in (Path(__file__).parent / "golden").glob("*/project.toml"))


def files_below(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_golden(project: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A project compiles to the files that stand beside it, byte for byte."""
    copy = tmp_path / "project"
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("target"))
    compilation = compile_project(copy)
    assert compilation.succeeded
    write_target(copy, compilation.artifacts)
    if request.config.getoption("--bless"):
        shutil.rmtree(project / "target", ignore_errors=True)
        shutil.copytree(copy / "target", project / "target")

    assert files_below(project / "target") == files_below(copy / "target")
