"""`cbx init` and `cbx test` from the command line, in the project that `cbx init` writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cbx.diagnostics.code_pages import read_page
from compiler.tests.command import run_cbx

UNTESTED = """
from cbx import expect, materialized_view, ref


@materialized_view(key="order_id", expectations=[expect("dear", "amount > 10")])
def dear_orders(orders=ref("silver.orders_clean")):
    return orders
"""


def cbx(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, its output as it comes where nobody looks."""
    return run_cbx(folder, *arguments)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project as `cbx init` writes it."""
    folder = tmp_path_factory.mktemp("start")
    done = cbx(folder, "init", "shop")

    assert (done.returncode, done.stderr) == (0, "")
    assert "cd shop" in done.stdout
    assert "cbx test" in done.stdout
    return folder / "shop"


def test_the_first_project_compiles_and_passes_its_tests(shop: Path) -> None:
    """At once, and with nothing left untested."""
    compiled, tested = cbx(shop, "compile"), cbx(shop, "test", "--coverage", "--fail-under", "100", "--junit", "r.xml")

    assert (compiled.returncode, compiled.stderr) == (0, "")
    assert (tested.returncode, tested.stderr) == (0, ""), tested.stdout
    assert "coverage: 100 % (3 of 3 models, 2 of 2 expectations)" in tested.stdout
    assert ElementTree.parse(shop / "r.xml").getroot()[0].attrib["tests"] == "5"


def test_a_project_is_not_written_over_another(shop: Path) -> None:
    """Somebody's work would be gone."""
    before = (shop / "project.toml").read_text()
    done = cbx(shop.parent, "init", "shop")

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: shop/project.toml already exists; nothing was written",
        "  = hint: it is a project already; for another one, name a new folder: cbx init shop_2",
    ]
    assert (shop / "project.toml").read_text() == before


def test_a_folder_that_exists_keeps_its_files(tmp_path: Path) -> None:
    """A repository often has a README and a .gitignore before it has a project."""
    for name in ("README.md", ".gitignore", "AGENTS.md"):
        (tmp_path / name).write_text("mine\n")
    done = cbx(tmp_path, "init", ".")

    assert done.returncode == 0
    assert "cd " not in done.stdout
    assert [(tmp_path / name).read_text() for name in ("README.md", ".gitignore", "AGENTS.md")] == ["mine\n"] * 3
    assert cbx(tmp_path, "compile").returncode == 0


@pytest.mark.parametrize(("template", "suffix"), [("python", ".py"), ("sql", ".sql")])
def test_a_project_may_be_in_one_language(tmp_path: Path, template: str, suffix: str) -> None:
    """With the same tables and tests."""
    made = cbx(tmp_path, "init", "shop", "--template", template)
    tested = cbx(tmp_path / "shop", "test", "--coverage", "--fail-under", "100")
    models = [path for path in (tmp_path / "shop" / "models").rglob("*") if path.is_file()]

    assert made.returncode == 0
    assert {path.suffix for path in models} == {suffix}
    assert (tested.returncode, tested.stderr) == (0, ""), tested.stdout
    assert "coverage: 100 % (3 of 3 models, 2 of 2 expectations)" in tested.stdout


def test_what_init_advises_for_notebooks_works(tmp_path: Path) -> None:
    """Run them, look at the result, and import them as models."""
    made = cbx(tmp_path, "init", "shop", "--template", "notebooks")
    steps = [line.partition("  #")[0].split() for line in made.stdout.splitlines() if line.startswith("    cbx")]
    done = [cbx(tmp_path / "shop", *step[1:], *(["--engine", "sail"] if step[1] == "run" else [])) for step in steps]

    assert [step[1] for step in steps] == ["run", "show", "import"]
    assert [(step.returncode, step.stderr) for step in done if step.returncode] == []
    assert "2026-01-01        2     24.75" in done[1].stdout
    assert cbx(tmp_path / "shop" / "models", "compile").returncode == 0


@pytest.mark.parametrize("name", ["2026 Sales!", "Größe"])
def test_the_project_is_named_after_its_folder_as_far_as_names_allow(tmp_path: Path, name: str) -> None:
    """A folder may be called anything."""
    assert cbx(tmp_path, "init", name).returncode == 0
    assert cbx(tmp_path / name, "compile").returncode == 0


def test_a_selector_chooses_tests_by_the_models_they_run(shop: Path) -> None:
    """Not by the names of files."""
    done = cbx(shop, "test", "gold.daily_revenue", "--", "--collect-only")

    assert "1/5 tests collected (4 deselected)" in done.stdout
    assert "test_daily_revenue.py" in done.stdout


@pytest.mark.slow
def test_tests_run_in_several_processes(shop: Path) -> None:
    """With pytest-xdist, and what they exercise is added up."""
    done = cbx(shop, "test", "--coverage", "--", "-n", "2")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout
    assert "coverage: 100 % (3 of 3 models, 2 of 2 expectations)" in done.stdout


@pytest.mark.slow
def test_what_no_test_exercises_is_listed_at_its_place(shop: Path) -> None:
    """And can fail the run; the pages show these very texts."""
    model = shop / "models" / "gold" / "dear_orders.py"
    model.write_text(UNTESTED)
    untested = cbx(shop, "test", "--coverage", "--fail-under", "90", "--", "-q")
    generated = cbx(shop, "test", "--generate", "gold.dear_orders")
    tested = cbx(shop, "test", "gold.dear_orders", "--coverage")
    again = cbx(shop, "test", "--generate", "gold.dear_orders")
    model.unlink()
    (shop / "tests" / "gold" / "test_dear_orders.py").unlink()

    assert untested.returncode == 1
    assert (
        "warning[CBX551] untested-model: no test runs `gold.dear_orders`\n --> models/gold/dear_orders.py"
        in untested.stderr
    )
    assert "error[CBX554] coverage-too-low: tests exercise 71 % of the project; 90 % are required" in untested.stderr
    assert generated.returncode == 0, generated.stderr
    assert tested.returncode == 0, tested.stdout
    assert (
        "warning[CBX552] untested-expectation: no test of `gold.dear_orders` has a row that meets `dear`"
        in tested.stderr
    )
    assert (again.returncode, again.stdout) == (2, "")
    assert "tests/gold/test_dear_orders.py already exists" in again.stderr


def test_a_test_that_fails_ends_with_status_1(shop: Path) -> None:
    """And the first one ends it all where that is asked for."""
    file = shop / "tests" / "test_wrong.py"
    file.write_text("def test_one():\n    assert False\n\n\ndef test_two():\n    assert False\n")
    done, first = (
        cbx(shop, "test", "--", "-k", "one or two"),
        cbx(shop, "test", "--fail-fast", "--", "-k", "one or two"),
    )
    file.unlink()

    assert (done.returncode, first.returncode) == (1, 1)
    assert "2 failed" in done.stdout
    assert "1 failed" in first.stdout


def test_a_run_without_tests_ends_with_status_2(shop: Path, tmp_path: Path) -> None:
    """It proves nothing; the page shows this very text."""
    (tmp_path / "project.toml").write_text('[project]\nname = "shop"\n')
    model = tmp_path / "models" / "silver" / "orders.sql"
    model.parent.mkdir(parents=True)
    model.write_text('{{ materialized_view() }}\nSELECT * FROM {{ source("raw.orders") }}\n')
    without_folder = cbx(tmp_path, "test")
    (tmp_path / "tests").mkdir()
    without_test, unknown = cbx(tmp_path, "test", "silver.orders"), cbx(shop, "test", "gold.daly_revenue")

    assert [done.returncode for done in (without_folder, without_test, unknown)] == [2, 2, 2]
    assert "there is no folder tests/ in the project" in without_folder.stderr
    assert without_test.stderr.splitlines()[0] in (read_page("CBX555") or "")
    assert "did you mean `gold.daily_revenue`?" in unknown.stderr


def test_a_project_with_errors_runs_no_test(tmp_path: Path) -> None:
    """They are shown as `cbx compile` shows them."""
    cbx(tmp_path, "init", "shop")
    model = tmp_path / "shop" / "models" / "gold" / "daily_revenue.sql"
    model.write_text(model.read_text().replace("silver.orders_clean", "silver.ordres_clean"))
    done = cbx(tmp_path / "shop", "test")

    assert done.returncode == 1
    assert "error[CBX201]" in done.stderr
    assert "No test was run." in done.stderr


def test_loading_the_plugin_loads_nothing_else() -> None:
    """It comes with every run of pytest in an environment that has cbx."""
    code = (
        "import sys, pytest; old = set(sys.modules); import cbx.testing.plugin; print(*sorted(set(sys.modules) - old))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert [name for name in done.stdout.split() if not name.startswith("cbx")] == []
    words = [f"cbx.declare.vocabulary{name}" for name in ("", ".inputs", ".kinds", ".promises")]
    own = ["cbx", "cbx.declare", *words, "cbx.testing", "cbx.testing.plugin"]
    assert done.stdout.split() == [*own, "cbx.testing.project", "cbx.testing.project.project_imports"]
