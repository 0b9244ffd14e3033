"""The pytest plugin: ``run_model``, ``run_models`` and ``render_macro``, and a row diff for failed comparisons.

It comes with every pytest run of an environment that has cbx, so it loads neither the compiler nor an engine until a
test asks for one of its fixtures.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cbx.testing.project.project_imports import ProjectImports, project_above

if TYPE_CHECKING:
    from cbx.testing.fixtures import Models
    from cbx.testing.results.record_results import Recording


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the plugin; ``cbx test`` gives them."""
    group = parser.getgroup("cbx", "tests of models")
    group.addoption(
        "--cbx-engine", choices=("sail", "spark"), help="What models run on; default: what project.toml says."
    )
    group.addoption("--cbx-project", metavar="DIR", help="The project's folder; default: the nearest above the tests.")
    group.addoption("--cbx-env", metavar="NAME", default="local", help="The environment whose variables apply.")
    group.addoption(
        "--cbx-results", metavar="FILE", help="Write the rows of every result to a file, to compare engines."
    )
    group.addoption("--cbx-models", metavar="IDS", default="", help="Only tests that run one of these models.")


_IMPORTS = pytest.StashKey[ProjectImports]()


def pytest_configure(config: pytest.Config) -> None:
    """Let tests import the project's macros and models, as the models themselves do."""
    config.stash[_IMPORTS] = ProjectImports()
    config.stash[_IMPORTS].use(project_above(_starts(config)))


def _starts(config: pytest.Config, own: Path | None = None) -> list[Path]:
    """The places to look for the project from: what is named, the test's own file, where pytest was called."""
    given = config.getoption("--cbx-project")
    if given:
        return [Path(given).resolve()]
    named = [Path(str(argument).partition("::")[0]).resolve() for argument in config.args]
    return [own] if own is not None else [*named, config.rootpath]


def pytest_collectstart(collector: pytest.Collector) -> None:
    """A file of tests is imported among the macros of its own project."""
    if isinstance(collector, pytest.Module):
        collector.config.stash[_IMPORTS].use(project_above(_starts(collector.config, collector.path)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """What a test imports while it runs is of its own project, too."""
    item.config.stash[_IMPORTS].use(project_above(_starts(item.config, item.path)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that run one of the selected models."""
    wanted = frozenset(config.getoption("--cbx-models").split())
    if wanted:
        from cbx.testing.coverage.select_tests import chosen_items

        kept = chosen_items(items, wanted)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist tells the others what its tests exercised."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None and "cbx.testing.fixtures" in sys.modules:
        from cbx.testing.fixtures import EXERCISED

        exercised = session.config.stash.get(EXERCISED, None)
        output["cbx"] = exercised.to_data() if exercised else {}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take in what the tests of a worker of pytest-xdist exercised."""
    data = getattr(node, "workeroutput", {}).get("cbx")
    if data:
        from cbx.testing.coverage.exercised import Exercised
        from cbx.testing.fixtures import EXERCISED

        node.config.stash.setdefault(EXERCISED, Exercised()).add_data(data)


_MODELS: pytest.StashKey[dict[Path, Models]] = pytest.StashKey()
_RECORDING: pytest.StashKey[Recording] = pytest.StashKey()


@pytest.fixture
def _cbx_models(request: pytest.FixtureRequest) -> Models:
    config = request.config
    root = project_above(_starts(config, request.path))
    if root is None:
        hint = "run pytest in the project, or give --cbx-project DIR"
        raise pytest.fail.Exception(f"there is no project.toml above the tests\n  hint: {hint}", pytrace=False)
    known = config.stash.setdefault(_MODELS, {})
    if root not in known:
        known[root] = _models(config, root)
    return known[root]


def _models(config: pytest.Config, root: Path) -> Models:
    from cbx.testing.fixtures import models_of

    models = models_of(config, root)
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
    """Show how rows differ, where a test compares them with a list."""
    if op != "==" or not {type(left).__name__, type(right).__name__} & {"RowList"}:
        return None
    from cbx.testing.results.row_diff import comparison_lines

    return comparison_lines(left, right)
