"""The checks of data tests, on tables that pass and tables that fail them."""

from __future__ import annotations

from literate import lay_out

from cbx.cli.display.check_results import describe_violations
from cbx.compiler import compile_project
from compiler.tests.runtime.pipelines import Pipeline

FILES = {
    "project.toml": '[project]\nname = "shop"\n',
    "seeds/bronze/currencies.toml": 'key = "code"\ncolumns = { code = "STRING", digits = "INT" }\n',
    "seeds/bronze/currencies.csv": 'code,digits\nEUR,2\n"it\'s \\ ""new""",\n',
    "macros/tests.sql": "{% macro unknown(model) %}SELECT code FROM {{ ref(model) }}"
    " EXCEPT SELECT code FROM {{ ref('bronze.currencies') }}{% endmacro %}\n",
    "models/silver/orders.sql": """{{ materialized_view(tests=[
    accepted_values("status", ["open", "it's"]),
    accepted_values("status", ["open", "it's", "paid"]),
    accepted_values("id", [1, 2, 3, 4]),
    not_null("status"),
    not_null("status", at_least=0.75),
    not_null("status", at_least=0.76),
    row_count(at_least=1, at_most=3),
    row_count(at_least=4, at_most=4),
    freshness("at", within="1 minute"),
    freshness("day", within="1 week"),
    no_rows("{{ unknown('silver.orders') }}", name="known_codes"),
    no_rows("SELECT id FROM {{ ref('silver.orders') }} GROUP BY id HAVING count(*) > 1", name="one_row"),
]) }}
SELECT *, current_timestamp() AS at, DATE '2020-02-02' AS day FROM VALUES
    (1, 'open', 'EUR'), (2, NULL, 'XXX'), (3, 'paid', 'YYY'), (4, 'it\\'s', 'it\\'s \\\\ "new"')
AS orders (id, status, code)
""",
    "models/silver/nothing.sql": """{{ materialized_view(tests=[
    accepted_values("id", [1]), not_null("id", at_least=0.5), row_count(at_least=1), freshness("at", within="1 day"),
]) }}
SELECT id, at FROM {{ ref("silver.orders") }} WHERE false
""",
}


def test_each_test_passes_and_fails(pipeline: Pipeline) -> None:
    lay_out(FILES, pipeline.folder)
    compilation = compile_project(pipeline.folder, with_trace=False)
    for artifact in compilation.artifacts:
        if artifact.path.startswith("notebooks/"):
            pipeline.notebook(artifact.text, artifact.path.removeprefix("notebooks/"))
    results = pipeline.succeed()
    rules = {
        name.removeprefix("silver_"): (rule.passed, rule.failed)
        for name, result in results.items()
        for rule in result.expectations
    }

    assert rules == {
        "orders_status_accepted_values": (3, 1),
        "orders_status_accepted_values_2": (4, 0),
        "orders_id_accepted_values": (4, 0),
        "orders_status_not_null": (0, 1),
        "orders_status_not_null_2": (1, 0),
        "orders_status_not_null_3": (0, 1),
        "orders_row_count": (0, 1),
        "orders_row_count_2": (1, 0),
        "orders_at_freshness": (1, 0),
        "orders_day_freshness": (0, 1),
        "orders_known_codes": (0, 2),
        "orders_one_row": (0, 0),
        "nothing_id_accepted_values": (0, 0),
        "nothing_id_not_null": (1, 0),
        "nothing_row_count": (0, 1),
        "nothing_at_freshness": (0, 1),
    }


def test_a_violation_is_described_by_what_is_expected() -> None:
    assert describe_violations("accepted_values", 1, 3) == "1 of 3 values is not accepted"
    assert describe_violations("no_rows", 2, 2) == "2 rows, where none is expected"
