"""Verdicts on aggregates, query by query: ``measures.txt``."""

from __future__ import annotations

from pathlib import Path

import pytest
from measure_cases import MeasureCase, judge_case, read_cases

from cbx.compiler import compile_project


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case.query[:100])
def test_verdict_is_that_of_the_case(case: MeasureCase) -> None:
    verdicts = judge_case(case)

    assert verdicts
    assert verdicts[-1] == case.verdict
    if case.verdict == "exact":
        assert set(verdicts) == {"exact"}


FILES = {
    "project.toml": '[project]\nname = "shop"\n',
    "models/silver/orders.sql": (
        '{{ materialized_view(key="oid", columns={"oid": "BIGINT", "amount": "DOUBLE"}) }}\n'
        'SELECT oid, amount FROM {{ source("raw.orders") }}\n'
    ),
    "models/silver/wide.py": (
        "from cbx import materialized_view, ref\n\n\n"
        '@materialized_view(key="line", columns={"line": "BIGINT", "amount": "DOUBLE"})\n'
        'def wide(orders=ref("silver.orders")):\n    return orders\n'
    ),
    "models/gold/sums.sql": '{{ materialized_view() }}\nSELECT sum(amount) AS total FROM {{ ref("silver.wide") }}\n',
}


def test_columns_of_a_model_that_is_not_analysed_may_be_at_home_elsewhere(tmp_path: Path) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    plan = compile_project(tmp_path, with_trace=False).plan

    assert plan is not None
    assert [measure.verdict for measure in plan.measures["gold.sums"]] == ["unknown"]
