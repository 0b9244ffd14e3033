"""The pytest plugin: ``run_model``, ``run_models`` and ``render_macro``, and a row diff for failed comparisons.

Every pytest run in an environment with cbx loads it. So it imports neither the compiler nor an engine before a test
uses one of its fixtures.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cbx.testing.project.project_imports import ProjectImports, find_project_above

if TYPE_CHECKING:
    from cbx.testing.fixtures import Models
    from cbx.testing.results.record_results import Recording


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plugin, which ``cbx test`` passes."""
    group = parser.getgroup("cbx", "tests of models")
    group.addoption(
        "--cbx-engine", choices=("sail", "spark"), help="The engine for the models; default: from project.toml."
    )
    group.addoption("--cbx-project", metavar="DIR", help="The project's folder; default: the nearest above the tests.")
    group.addoption("--cbx-env", metavar="NAME", default="local", help="The environment whose variables are used.")
    group.addoption(
        "--cbx-results", metavar="FILE", help="Write the rows of each result to a file, to compare engines."
    )
    group.addoption(
        "--cbx-conf", metavar="KEY=VALUE", action="append", default=[], help="A setting of Spark; repeatable."
    )
    group.addoption("--cbx-models", metavar="IDS", default="", help="Run only tests of these models.")


_IMPORTS = pytest.StashKey[ProjectImports]()


def pytest_configure(config: pytest.Config) -> None:
    """Let tests import the project's macros and models, as models do."""
    config.stash[_IMPORTS] = ProjectImports()
    config.stash[_IMPORTS].use(find_project_above(_start_folders(config)))


def _start_folders(config: pytest.Config, test_file: Path | None = None) -> list[Path]:
    """The paths from which to search upwards for the project.

    They are the value of ``--cbx-project``, else the test's file, else the arguments of pytest and its root.
    """
    project = config.getoption("--cbx-project")
    if project:
        return [Path(project).resolve()]
    if test_file is not None:
        return [test_file]
    return [*(Path(str(argument).partition("::")[0]).resolve() for argument in config.args), config.rootpath]


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Let a test file import the macros of its own project."""
    if isinstance(collector, pytest.Module):
        collector.config.stash[_IMPORTS].use(find_project_above(_start_folders(collector.config, collector.path)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let a test import from its own project while it runs."""
    item.config.stash[_IMPORTS].use(find_project_above(_start_folders(item.config, item.path)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that run none of the selected models."""
    models = frozenset(config.getoption("--cbx-models").split())
    if models:
        from cbx.testing.coverage.select_tests import select_items

        selected = select_items(items, models)
        config.hook.pytest_deselected(items=[item for item in items if item not in selected])
        items[:] = selected


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send what the tests of a pytest-xdist worker exercised to the main process."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None and "cbx.testing.fixtures" in sys.modules:
        from cbx.testing.fixtures import EXERCISED

        exercised = session.config.stash.get(EXERCISED, None)
        output["cbx"] = exercised.to_data() if exercised else {}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what the tests of a pytest-xdist worker exercised."""
    data = getattr(node, "workeroutput", {}).get("cbx")
    if data:
        from cbx.testing.coverage.exercised import Exercised
        from cbx.testing.fixtures import EXERCISED

        node.config.stash.setdefault(EXERCISED, Exercised()).add_data(data)


_PROJECTS: pytest.StashKey[dict[Path, Models]] = pytest.StashKey()
_RECORDING: pytest.StashKey[Recording] = pytest.StashKey()


@pytest.fixture
def _cbx_models(request: pytest.FixtureRequest) -> Models:
    config = request.config
    root = find_project_above(_start_folders(config, request.path))
    if root is None:
        hint = "run pytest in the project, or pass --cbx-project DIR"
        raise pytest.fail.Exception(f"no project.toml in any folder above the tests\n  hint: {hint}", pytrace=False)
    projects = config.stash.setdefault(_PROJECTS, {})
    if root not in projects:
        projects[root] = _create_models(config, root)
    return projects[root]


def _create_models(config: pytest.Config, root: Path) -> Models:
    from cbx.testing.fixtures import create_models

    models = create_models(config, root)
    if config.getoption("--cbx-results"):
        from cbx.testing.results.record_results import Recording

        if _RECORDING not in config.stash:
            config.stash[_RECORDING] = Recording(Path(config.getoption("--cbx-results")))
        recording = config.stash[_RECORDING]
        models.listener, models.default_now = recording.add, recording.now
    return models


@pytest.fixture
def run_model(_cbx_models: Models) -> Any:
    """Run a model on rows: ``run_model("silver.orders", given={"bronze.orders": [...]})``."""
    from cbx.testing.fixtures import Runner

    return Runner("run_model", _cbx_models.run_model, _cbx_models)


@pytest.fixture
def run_models(_cbx_models: Models) -> Any:
    """Run a few connected models on rows: ``run_models(["silver.orders", "gold.sales"], given={...})``."""
    from cbx.testing.fixtures import Runner

    return Runner("run_models", _cbx_models.run_models, _cbx_models)


@pytest.fixture
def render_macro(_cbx_models: Models) -> Any:
    """Render a Jinja macro of the project: ``render_macro("at_least_digits", "telephone", 10)``."""
    from cbx.testing.fixtures import Runner

    return Runner("render_macro", _cbx_models.render_macro, _cbx_models)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Show how rows differ when a test compares them with a list."""
    if op != "==" or not {type(left).__name__, type(right).__name__} & {"RowList"}:
        return None
    from cbx.testing.results.row_diff import comparison_lines

    return comparison_lines(left, right)
