"""The engine that traces gives some expressions another type than Spark: of those no type is taken for known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from traced_shop import read

from cbx.analysis.tracing.client import Tracer

pytest.importorskip("pysail", reason="tracing needs the extra `trace`")

DOUBTFUL = (
    "total + 1", "total * 2", "total / 2", "total + 1L", "total * -2", "sum(total * 2)", "total % 2",
    "case when status = 'x' then order_id else 1 end", "if(status = 'x', total, 0)",
    "datediff(placed_at, placed_at)", "percentile_approx(order_id, 0.5)", "to_date(placed_at) - to_date(placed_at)",
)  # fmt: skip
"""Where the engine and Spark differ, tried with Sail 0.7.2 and Spark 4.2.1."""

KNOWN = {
    "total": "DECIMAL(18, 2)",
    "sum(total)": "DECIMAL(28, 2)",
    "avg(total)": "DECIMAL(22, 6)",
    "total + total": "DECIMAL(19, 2)",
    "total * order_id": "DECIMAL(38, 2)",
    "order_id + 1": "BIGINT",
    "order_id / 2": "DOUBLE",
    "case when status = 'x' then 1 else 0 end": "INT",
    "case when status = 'x' then total end": "DECIMAL(18, 2)",
    "sum(case when status = 'x' then total else null end)": "DECIMAL(28, 2)",
    "upper(status)": "STRING",
    "to_date(placed_at)": "DATE",
}
"""What Spark 4.2.1 makes of it too."""


@pytest.fixture(scope="module")
def tracer() -> Iterator[Tracer]:
    with Tracer() as one:
        yield one


def types(tracer: Tracer, expression: str, then: str = "") -> str | None:
    source = f"def model(orders):\n    return orders.selectExpr({f'{expression} AS made'!r}){then}"
    _, plan = read(tracer, source)
    return plan.relation.fields[0].type


@pytest.mark.parametrize("expression", DOUBTFUL)
def test_a_doubtful_type_is_not_known(expression: str, tracer: Tracer) -> None:
    """Nobody is told that a declared type is wrong because two engines count digits differently."""
    assert types(tracer, expression) is None


@pytest.mark.parametrize("expression", KNOWN)
def test_a_type_on_which_both_agree_is_known(expression: str, tracer: Tracer) -> None:
    """Doubt reaches no further than it has to."""
    assert types(tracer, expression) == KNOWN[expression]


def test_doubt_is_handed_on(tracer: Tracer) -> None:
    """What is made of a doubtful column in a later step is doubtful too; a cast ends the doubt."""
    summed = types(tracer, "total * 2", ".groupBy().sum('made')")
    united = types(tracer, "total * 2", ".union(orders.select('total'))")
    settled = types(tracer, "cast(total * 2 AS DECIMAL(12, 2))")

    assert (summed, united, settled) == (None, None, "DECIMAL(12, 2)")
