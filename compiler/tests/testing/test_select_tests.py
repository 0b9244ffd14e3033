"""Which models a test runs, as its code tells."""

from __future__ import annotations

from typing import Any

import pytest

from cbx.testing.coverage.select_tests import models_run_by

ONE = "silver.one"
NAMES = {"a": "silver.two"}


def by_helper(run_model: Any) -> Any:
    return run_model("silver.helped")


def directly(run_model: Any) -> None:
    run_model("silver.one", given={"silver.two": []})


def by_a_name_of_the_module(run_model: Any) -> None:
    run_model(ONE)


def by_a_function_beside_it(run_model: Any) -> None:
    by_helper(run_model)


def several(run_models: Any) -> None:
    run_models(["silver.one", "silver.two"], given={"silver.three": []})


def by_keyword(run_model: Any) -> None:
    run_model(given={}, model="silver.one")


def by_computed_name(run_model: Any) -> None:
    run_model(NAMES["a"])


def without_a_model(render_macro: Any) -> None:
    render_macro("silver.one")


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (directly, {"silver.one"}),
        (by_a_name_of_the_module, {"silver.one"}),
        (by_a_function_beside_it, {"silver.helped"}),
        (several, {"silver.one", "silver.two"}),
        (by_keyword, {"silver.one"}),
        (without_a_model, set()),
        (by_computed_name, None),
    ],
)
def test_the_models_of_a_test_are_read_from_its_code(function: Any, expected: set[str] | None) -> None:
    """What it gives is not what it runs; what it computes is not known before it runs."""
    assert models_run_by(function) == expected


def test_parameters_may_name_the_model() -> None:
    """Of a test that takes it as an argument."""
    assert models_run_by(by_computed_name, ["silver.two", 7]) == {"silver.two"}
