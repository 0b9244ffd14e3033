"""The pytest plugin: ``run_model``, ``run_models`` and ``render_macro``, and a row diff for failed comparisons.

It comes with every pytest run of an environment that has cbx, so it loads neither the compiler nor an engine until a
test asks for one of its fixtures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from cbx.testing.fixtures import Models


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the plugin; ``cbx test`` gives them."""
    group = parser.getgroup("cbx", "tests of models")
    group.addoption("--engine", choices=("sail", "spark"), help="What models run on; default: what project.toml says.")
    group.addoption("--cbx-project", metavar="DIR", help="The project's folder; default: the nearest above the tests.")


@pytest.fixture(scope="session")
def _cbx_models(pytestconfig: pytest.Config) -> Models:
    from cbx.testing.fixtures import models_of

    return models_of(pytestconfig)


@pytest.fixture
def run_model(_cbx_models: Models) -> Any:
    """Run a model on rows: ``run_model("silver.orders", given={"bronze.orders": [...]})``."""
    return _cbx_models.run_model


@pytest.fixture
def run_models(_cbx_models: Models) -> Any:
    """Run a few connected models on rows: ``run_models(["silver.orders", "gold.sales"], given={...})``."""
    return _cbx_models.run_models


@pytest.fixture
def render_macro(_cbx_models: Models) -> Any:
    """Render a Jinja macro of the project: ``render_macro("at_least_digits", "telephone", 10)``."""
    return _cbx_models.render_macro


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Show how rows differ, where a test compares them with a list."""
    if op != "==" or not {type(left).__name__, type(right).__name__} & {"RowList"}:
        return None
    from cbx.testing.row_diff import comparison_lines

    return comparison_lines(left, right)
