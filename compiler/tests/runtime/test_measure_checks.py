"""The checks of aggregates, on data where rows are counted once and several times."""

from __future__ import annotations

from literate import lay_out

from cbx.compiler import compile_project
from compiler.tests.runtime.pipelines import Pipeline

FILES = {
    "project.toml": """
[project]
name = "shop"
layers = ["silver", "gold"]

[compile]
check_measures = true
""",
    "models/silver/orders.sql": """
{{ materialized_view(key="order_id", columns={"order_id": "BIGINT", "customer": "STRING", "amount": "DOUBLE"}) }}
SELECT * FROM VALUES (1L, 'ann', 10D), (2L, 'ann', 20D), (3L, 'bob', 5D) AS t (order_id, customer, amount)
""",
    "models/silver/notes.sql": """
{{ materialized_view() }}
SELECT * FROM VALUES (1L, 'a1'), (1L, 'a1'), (1L, 'a2'), (3L, 'b1') AS t (order_id, note)
""",
    "models/gold/sums.sql": """
{{ materialized_view() }}
WITH first_notes AS (SELECT order_id, note FROM {{ ref("silver.notes") }} WHERE note LIKE 'a%'),
totals AS ( -- of orders with (or without) a note
  SELECT upper(o.customer) AS name, o.amount > 15 AS is_large, sum(o.amount) AS noted,
    sum(CASE WHEN n.note = 'a2' THEN o.amount ELSE 0 END) AS marked
  FROM {{ ref("silver.orders") }} AS o
  LEFT JOIN first_notes AS n ON n.order_id = o.order_id
  GROUP BY name, 2
)
SELECT o.customer, sum(o.amount) AS revenue, max(t.noted) AS noted, max(t.marked) AS marked
FROM {{ ref("silver.orders") }} AS o
JOIN {{ ref("silver.notes") }} AS n USING (order_id)
LEFT JOIN totals AS t ON t.name = upper(o.customer) AND t.is_large
GROUP BY o.customer
""",
}


def test_a_check_finds_the_rows_that_an_aggregate_counts_several_times(pipeline: Pipeline) -> None:
    lay_out({path: text.lstrip("\n") for path, text in FILES.items()}, pipeline.folder)
    compilation = compile_project(pipeline.folder, with_trace=False)
    for artifact in compilation.artifacts:
        if artifact.path.startswith("notebooks/"):
            pipeline.notebook(artifact.text, artifact.path.removeprefix("notebooks/"))
    results = pipeline.succeed()
    rules = {name: rule for name, result in results.items() for rule in result.expectations if "_once" in name}

    # The order with three notes counts several times, but only one of these is marked.
    assert {name: (rule.passed, rule.failed) for name, rule in rules.items()} == {
        "gold_sums_sum_amount_counted_once": (2, 1),
        "gold_sums_sum_amount_counted_once_2": (1, 0),
        "gold_sums_revenue_counted_once": (1, 1),
    }
