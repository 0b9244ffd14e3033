"""What `cbx run --select` updates of Circuit Box."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbx.cli.local_run.selection import select_datasets
from cbx.cli.selection import SelectionOptions
from cbx.compiler import Compilation, compile_project

ROOT = Path(__file__).parents[3]
CLEAN = "silver.customers_clean"


@pytest.fixture(scope="module")
def circuit_box() -> Compilation:
    return compile_project(ROOT)


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (["customers_clean"], [], f"{CLEAN} {CLEAN}_quarantine silver_customers_clean_key"),
        (["silver.orders"], [], "silver.orders silver_orders_key"),
        (["SILVER_ORDERS_KEY"], [], "silver_orders_key"),
        (["silver.customers_clean_quarantine"], [], "silver.customers_clean_quarantine"),
        (["layer:bronze"], ["orders"], "bronze.addresses bronze.customers"),
        (["silver.orders"], ["silver_orders_key"], "silver.orders"),
        (["layer:bronze,layer:gold"], [], ""),
    ],
)
def test_a_model_comes_with_its_tables_and_checks(
    circuit_box: Compilation, include: list[str], exclude: list[str], expected: str
) -> None:
    """A check that also reads a model that is not selected is left out, since that may have no rows yet."""
    assert set(expected.split()) == select_datasets(circuit_box, SelectionOptions.of(include, exclude))


def test_relationships_are_checked_where_both_ends_are_selected(circuit_box: Compilation) -> None:
    """As dbt's indirect selection `cautious` has it."""
    alone = select_datasets(circuit_box, SelectionOptions.of(["silver.orders"], None)) or frozenset()
    both = select_datasets(circuit_box, SelectionOptions.of(["silver.orders silver.orders_clean"], None)) or frozenset()

    assert (
        "silver_orders_order_id_in_silver_orders_clean" not in alone,
        "silver_orders_order_id_in_silver_orders_clean" in both,
    ) == (True, True)


def test_without_selectors_nothing_is_left_out(circuit_box: Compilation) -> None:
    """None stands for everything, which is more than the models: what other notebooks define, too."""
    assert select_datasets(circuit_box, SelectionOptions.of(None, None)) is None
