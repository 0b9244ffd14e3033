"""What may not be read or written is a diagnostic that names it, or costs nothing; never a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from literate import lay_out

from cbx.compiler import compile_project
from cbx.incremental.record import RECORD_FILE
from cbx.target.write import write_target
from compiler.tests.command import run_cbx

FILES = {
    "models/bronze/orders.py": (
        "from cbx import materialized_view, source\nfrom macros.text import tidy\n\n\n"
        '@materialized_view()\ndef orders(rows=source("a.b")):\n    return tidy(rows)\n'
    ),
    "models/silver/shop/sales.sql": '{{ view() }}\nSELECT * FROM {{ ref("bronze.orders") }}\n',
    "macros/text.py": "def tidy(rows):\n    return rows\n",
}


@cache
def _restricted_command() -> tuple[str, ...]:
    """What starts a command for which permissions count: root is exempt until it gives that up."""
    if os.name != "posix":
        pytest.skip("permissions are not POSIX's here")
    if os.geteuid():
        return ()
    setpriv = shutil.which("setpriv")
    bound = (str(setpriv), "--bounding-set=-dac_override,-dac_read_search")
    if setpriv is None or subprocess.run((*bound, "true"), capture_output=True, check=False).returncode:
        pytest.skip("the tests run as root, which no permission binds, and `setpriv` cannot change that here")
    return bound


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    lay_out(FILES, tmp_path)
    write_target(tmp_path, compile_project(tmp_path, with_trace=False).artifacts)
    yield tmp_path
    for folder, _, _ in os.walk(tmp_path, topdown=True, onerror=lambda error: Path(error.filename).chmod(0o700)):
        Path(folder).chmod(0o700)


def run_compile(project: Path, *options: str) -> tuple[int, str]:
    """The exit status and all that was said."""
    done = run_cbx(project, "compile", "--no-trace", *options, through=_restricted_command())
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("link", [".cbx", ".cbx/cache"])
def test_nothing_is_remembered_behind_a_link_out_of_the_project(link: str, tmp_path: Path) -> None:
    """A project that somebody else wrote could name any folder there."""
    project, outside = tmp_path / "project", tmp_path / "outside"
    (outside / "cache").mkdir(parents=True)
    lay_out(FILES, project)
    (project / link).parent.mkdir(exist_ok=True)
    (project / link).symlink_to(outside)
    done = run_cbx(project, "compile")

    assert (done.returncode, tree(outside)) == (0, {})


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        ("models/bronze/orders.py", 1, "error[CBX107] unreadable-file: this file cannot be read: Permission denied"),
        ("models/silver/shop", 1, "error[CBX107] unreadable-file: this folder cannot be read: Permission denied"),
        ("models", 1, "error[CBX107] unreadable-file: this folder cannot be read: Permission denied"),
        ("macros/text.py", 1, "error[CBX107] unreadable-file: this file cannot be read: Permission denied"),
        ("project.toml", 1, "error[CBX107] unreadable-file: `project.toml` cannot be read: Permission denied"),
    ],
)
def test_what_may_not_be_read_is_reported_at_its_place(path: str, status: int, expected: str, project: Path) -> None:
    """With a way out, and `target/` stays as it was."""
    before = tree(project / "target")
    (project / path).chmod(0)
    ended, said = run_compile(project)

    assert (ended, "Traceback" in said, "internal" in said) == (status, False, False)
    assert [part for part in (expected, f"--> {path}", "hint: ") if part not in said] == []
    assert tree(project / "target") == before


@pytest.mark.parametrize("path", ["target", "target/notebooks/silver"])
def test_a_folder_that_may_not_be_written_stays_as_it_was(path: str, project: Path) -> None:
    """The message names it, and nothing beside it is changed either."""
    before = tree(project / "target")
    for model in FILES:
        with (project / model).open("a") as opened:
            opened.write("\n-- more\n" if model.endswith(".sql") else "\n# more\n")
    (project / path).chmod(0o500)
    ended, said = run_compile(project)

    assert (ended, "Traceback" in said) == (2, False)
    assert f"error[CBX003] output-not-writable: `{path}" in said
    assert f"--> {path}" in said
    assert "hint: " in said
    assert tree(project / "target") == before


def test_a_read_only_file_of_target_is_replaced(project: Path) -> None:
    """The folder decides who may replace a file, so nothing is lost."""
    notebook = project / "target/notebooks/silver/sales.py"
    before = tree(project / "target")
    notebook.write_text("changed")
    notebook.chmod(0o400)

    assert (run_compile(project)[0], tree(project / "target")) == (0, before)


def test_a_project_folder_that_may_not_be_written_is_compiled(project: Path) -> None:
    """Nothing is remembered for the next time, and that is all; without a `target/` the message says so."""
    before = tree(project)
    project.chmod(0o500)
    first = run_compile(project)
    project.chmod(0o700)
    shutil.rmtree(project / "target")
    project.chmod(0o500)
    ended, said = run_compile(project)

    assert (first[0], ended, "Traceback" in said) == (0, 2, False)
    assert "error[CBX003] output-not-writable: `target` cannot be written: Permission denied" in said
    assert {path: text for path, text in before.items() if not path.startswith("target/")} == tree(project)


@pytest.mark.parametrize("path", [RECORD_FILE, ".cbx/cache", ".cbx"])
def test_a_record_that_may_not_be_read_is_done_without(path: str, project: Path) -> None:
    """The compilation makes everything anew."""
    run_compile(project)
    before = tree(project / "target")
    (project / path).chmod(0)
    ended, said = run_compile(project)

    assert (ended, "Traceback" in said, tree(project / "target")) == (0, False, before)


@pytest.mark.parametrize("path", ["target/manifest.json", "target/notebooks/silver/sales.py", "target/notebooks"])
def test_a_target_that_may_not_be_read_is_out_of_date(path: str, project: Path) -> None:
    """What cannot be compared is taken for changed, also where an earlier compilation is remembered."""
    run_compile(project)
    (project / path).touch()
    (project / path).chmod(0)
    ended, said = run_compile(project, "--check")

    assert (ended, "Traceback" in said, "error[CBX004]" in said) == (1, False, True)
