"""What `run_model` takes and gives, in models of a few lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from cbx.testing import ExpectationFailed, ModelFailed, ModelTestError, assert_rows
from cbx.testing.fixtures import Models

pytestmark = pytest.mark.spark

COPY = '{{ materialized_view() }}\nSELECT * FROM {{ source("raw.t") }}\n'
PYTHON = (
    "from cbx import materialized_view, source\nfrom pyspark.sql import functions as F\n\n\n"
    '@materialized_view()\ndef it(t=source("raw.t")):'
)
TYPES = {
    "a_boolean": ("BOOLEAN", "true", True),
    "an_int": ("INT", "7", 7),
    "a_bigint": ("BIGINT", 7, 7),
    "a_double": ("DOUBLE", "0.5", 0.5),
    "a_decimal": ("DECIMAL(10, 2)", 2.5, Decimal("2.50")),
    "a_string": ("STRING", "x", "x"),
    "a_date": ("DATE", "2026-01-31", date(2026, 1, 31)),
    "a_timestamp": ("TIMESTAMP", "2026-01-31 12:00:00", datetime(2026, 1, 31, 12)),  # noqa: DTZ001 - in UTC
    "a_binary": ("BINARY", "x", b"x"),
    "an_array": ("ARRAY<DATE>", ["2026-01-31", None], [date(2026, 1, 31), None]),
    "a_struct": ("STRUCT<x: INT, y: DECIMAL(3, 1)>", {"y": "1.5"}, {"x": None, "y": Decimal("1.5")}),
    "a_map": ("MAP<STRING, INT>", {"x": 1}, {"x": 1}),
    "deep": ("ARRAY<STRUCT<at: TIMESTAMP>>", '[{"at": "2026-01-31T12:00:00Z"}]', [{"at": datetime(2026, 1, 31, 12)}]),  # noqa: DTZ001 - as above
}


def reading(columns: str, query: str = "SELECT * FROM {{ ref('bronze.t') }}") -> dict[str, str]:
    """A model that reads another one whose columns are declared."""
    declared = f"{{{{ materialized_view(columns={{{columns}}}) }}}}"
    return {
        "models/bronze/t.sql": f'{declared}\nSELECT * FROM {{{{ source("raw.t") }}}}\n',
        "models/silver/it.sql": f"{{{{ materialized_view() }}}}\n{query}\n",
    }


@pytest.mark.parametrize("name", TYPES)
def test_values_may_be_written_naturally(models: Callable[..., Models], name: str) -> None:
    """A type of the input's makes a date of a text, and the result gives the value back as Python has it."""
    kind, written, expected = TYPES[name]
    found = models(reading(f'"c": "{kind}"')).run_model("silver.it", {"bronze.t": [{"c": written}]})

    assert found.rows() == [(expected,)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("INT", 1 << 31),
        ("INT", True),
        ("DECIMAL(3, 1)", "1.55"),
        ("DATE", "soon"),
        ("STRING", 1),
        ("STRUCT<x: INT>", 1),
    ],
)
def test_a_value_of_another_type_is_refused(models: Callable[..., Models], kind: str, value: Any) -> None:
    """It is an error of the test's, not NULL."""
    with pytest.raises(ModelTestError, match=re.escape(f'given["bronze.t"], row 1, c: {value!r} is not a value')):
        models(reading(f'"c": "{kind}"')).run_model("silver.it", {"bronze.t": [{"c": value}]})


def test_values_tell_their_types_where_nothing_else_does(run_text: Any) -> None:
    """Of a source nothing is known."""
    row = {"a": 1, "b": 0.5, "c": "x", "d": date(2026, 1, 1), "e": None, "f": True, "g": [{"x": 1}]}
    found = run_text(COPY, {"raw.t": [row]})
    kinds = [field.dataType.simpleString() for field in found.schema]

    assert kinds == ["bigint", "double", "string", "date", "string", "boolean", "array<struct<x:bigint>>"]
    assert found.row_dicts() == [row]


def test_the_header_of_a_text_table_may_name_types(run_text: Any) -> None:
    """It is the one way to give NULLs of a source a type."""
    found = run_text(COPY, {"raw.t": "id BIGINT | amount DECIMAL(10, 2) | note\n 1 | NULL | 'a | b'\n"})

    assert [field.dataType.simpleString() for field in found.schema] == ["bigint", "decimal(10,2)", "string"]
    assert found.rows() == [(1, None, "a | b")]


def test_a_text_table_may_look_like_markdown(run_text: Any) -> None:
    """It can be pasted from a page."""
    found = run_text(COPY, {"raw.t": "| a | b |\n|---|---|\n| x | NULL |\n| '' | 'NULL' |\n"})

    assert found.rows() == [("x", None), ("", "NULL")]


def test_a_frame_is_taken_as_it_is(models: Callable[..., Models]) -> None:
    """Of the session that runs the model."""
    own = models({"models/silver/it.sql": COPY})
    frame = own.engine.spark.createDataFrame([(1, "x")], "id BIGINT, name STRING")

    assert own.run_model("silver.it", {"raw.t": frame}).rows() == [(1, "x")]


@pytest.mark.parametrize(
    ("model", "given", "said"),
    [
        ("silver.ti", {}, "the project has no model `silver.ti`\n  hint: did you mean `silver.it`?"),
        ("silver.it", {"bronze.tt": []}, "does not read `bronze.tt`\n  hint: did you mean `bronze.t`?"),
        ("silver.it", {"bronze.t": [{"nmae": 1}]}, "`bronze.t` has no column `nmae`\n  hint: did you mean `name`?"),
        ("silver.it", {"bronze.t": [{"s": {"fist": 1}}]}, "has no field `fist`\n  hint: did you mean `first`?"),
        ("silver.it", {"bronze.t": [(1, 2)]}, "the first tuple must name the columns, and (1, 2) does not"),
        ("silver.it", {"bronze.t": [("name",), (1, 2)]}, "row 1: 2 values for 1 columns"),
        ("silver.it", {"bronze.t": 7}, "rows must be a list, a text table or a DataFrame, not int"),
        ("silver.it", {"bronze.t": "name\na | b"}, "the header has 1 columns, and this line has 2 cells: a | b"),
    ],
)
def test_what_a_test_gets_wrong_is_said_with_a_way_out(
    models: Callable[..., Models], model: str, given: dict[str, Any], said: str
) -> None:
    """The person who reads it has just mistyped something."""
    own = models(reading('"name": "STRING", "s": "STRUCT<first: INT>"'))

    with pytest.raises(ModelTestError, match=re.escape(said)):
        own.run_model(model, given)


def test_a_column_that_is_not_there_cannot_be_asked_for(run_text: Any) -> None:
    """It would be an empty comparison."""
    found = run_text(COPY, {"raw.t": [{"name": "x"}]})

    with pytest.raises(ModelTestError, match=re.escape("has no column `nam`\n  hint: did you mean `name`?")):
        found.rows("nam")


def test_a_model_that_does_not_run_says_why_in_a_line(run_text: Any) -> None:
    """Without the engine's own stack."""
    text = '{{ materialized_view() }}\nSELECT CAST(a AS INT) AS a FROM {{ source("raw.t") }}\n'
    with pytest.raises(ModelFailed, match=r"`silver\.it` fails: ") as failed:
        run_text(text, {"raw.t": [{"a": "x"}]})

    assert len(str(failed.value).splitlines()) <= 3


GROUPED = {
    "SELECT a, count(*) AS n FROM {t} GROUP BY ALL": [("x", 2), ("y", 1)],
    "SELECT max(b) AS most, a FROM (SELECT a, sum(b) AS b FROM {t} GROUP BY ALL) GROUP BY ALL": [(3, "x"), (5, "y")],
    "SELECT count(*) AS n FROM {t} group  by all": [(3,)],
}


@pytest.mark.parametrize("query", GROUPED)
def test_a_query_may_group_by_all(run_text: Any, query: str) -> None:
    """Sail does not know the words, and is told what they mean."""
    text = f"{{{{ materialized_view() }}}}\n{query.replace('{t}', '{{ source(' + repr('raw.t') + ') }}')}\n"

    assert (
        run_text(text, {"raw.t": [{"a": "x", "b": 1}, {"a": "x", "b": 2}, {"a": "y", "b": 5}]}).rows() == GROUPED[query]
    )


def test_a_function_that_no_engine_has_is_a_mistake(run_text: Any) -> None:
    """It must not be taken for something that Sail lacks."""
    with pytest.raises(ModelTestError, match="does not compile"):
        run_text('{{ materialized_view() }}\nSELECT nosuch(a) AS a FROM {{ source("raw.t") }}\n', {"raw.t": [{"a": 1}]})


def test_a_python_model_fails_at_its_line(run_text: Any) -> None:
    """What its own code raises is the test's to see."""
    text = f'{PYTHON}\n    raise LookupError("no rate")\n'

    with pytest.raises(LookupError, match="no rate"):
        run_text(text, {"raw.t": []})


def test_rows_have_no_order(run_text: Any) -> None:
    """A table has none; `ordered=True` looks at it all the same."""
    found = run_text(COPY, {"raw.t": [{"a": 1}, {"a": 2}, {"a": 2}]})

    assert found.rows() == [(2,), (1,), (2,)]
    assert found.rows() != [(2,), (1,)]
    assert_rows(found, [{"a": 2}, {"a": 1}, {"a": 2}])
    assert_rows(found, [{"a": 1}, {"a": 2}, {"a": 2}], ordered=True)
    with pytest.raises(AssertionError, match="3 of 3 rows match, but their order differs"):
        assert_rows(found, [{"a": 2}, {"a": 1}, {"a": 2}], ordered=True)


SQL_TIMES = "current_timestamp() AS at, current_date AS day, now() AS n"
PYTHON_TIMES = 'F.current_timestamp().alias("at"), F.expr("current_date()").alias("day"), F.now().alias("n")'
TEXT_TIMES = "'current_timestamp() at', 'current_date() day', 'now() n'"
CLOCKS = {
    "sql": f'{{{{ materialized_view() }}}}\nSELECT {SQL_TIMES} FROM {{{{ source("raw.t") }}}}\n',
    "python": f"{PYTHON}\n    return t.select({PYTHON_TIMES})\n",
    "texts": f"{PYTHON}\n    return t.where(\"current_date() < '2026-02-01'\").selectExpr({TEXT_TIMES})\n",
}


@pytest.mark.parametrize("text", CLOCKS)
def test_the_clock_can_stand_still(run_text: Any, text: str) -> None:
    """Whatever way code asks for the time."""
    moment = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
    found = run_text(CLOCKS[text], {"raw.t": [{"a": 1}]}, now=moment)
    plain = moment.replace(tzinfo=None)

    assert found.rows("at", "day", "n") == [(plain, date(2026, 1, 31), plain)]


def test_variables_can_be_set(models: Callable[..., Models]) -> None:
    """In the place of those of the local environment."""
    own = models(
        {
            "project.toml": '[project]\nname = "shop"\n\n[vars]\nleast = 10\n',
            "models/silver/it.sql": COPY.replace("\n", " ").rstrip() + " WHERE a >= {{ var('least') }}\n",
        }
    )
    given = {"raw.t": [{"a": 1}, {"a": 20}]}

    assert own.run_model("silver.it", given).rows() == [(20,)]
    assert own.run_model("silver.it", given, variables={"least": 0}).rows() == [(1,), (20,)]
    with pytest.raises(ModelTestError, match=r"did you mean `least`\?"):
        own.run_model("silver.it", given, variables={"leest": 0})


def test_rules_count_every_row_and_null_breaks_them(run_text: Any) -> None:
    """As in a pipeline: all rules look at all rows, then rows are dropped."""
    text = (
        '{{ materialized_view(expectations=[expect("small", "a < 10"), expect_or_drop("even", "a % 2 = 0")], '
        "quarantine=True) }}\n"
        'SELECT a FROM {{ source("raw.t") }}\n'
    )
    found = run_text(text, {"raw.t": [{"a": 2}, {"a": 3}, {"a": 11}, {"a": None}]})

    assert found.rows() == [(2,)]
    assert found.dropped == {"even": 3}
    assert found.warned == {"small": 2}
    assert [row["a"] for row in found.quarantined] == [3, 11, None]


def test_a_column_that_may_not_be_null_stops_the_update(run_text: Any) -> None:
    """It is a rule of the table's, even where no expectation says it."""
    text = (
        '{{ materialized_view(key="a", columns={"a": column("BIGINT", not_null=True)}) }}\n'
        'SELECT a FROM {{ source("raw.t") }}\n'
    )
    with pytest.raises(ExpectationFailed, match="`a NOT NULL` fails for 1 of 2 rows") as failed:
        run_text(text, {"raw.t": "a BIGINT\n1\nNULL\n"})

    assert failed.value.rows() == [(None,)]


def test_a_macro_that_is_not_there_names_the_one_that_is(models: Callable[..., Models]) -> None:
    """As an unknown model does."""
    own = models({"macros/m.sql": "{% macro twice(x) %}2 * {{ x }}{% endmacro %}"})

    assert own.render_macro("twice", "a") == "2 * a"
    with pytest.raises(ModelTestError, match=r"did you mean `twice`\?"):
        own.render_macro("twise", "a")


LANDED = {
    "project.toml": """
[project]
name = "shop"

[compile]
api = "pipelines"
source_format = "file"

[vars]
landing = "/Volumes/x"

[environments.local.vars]
landing = "landing"
""",
    "models/bronze/it.sql": """
{{ streaming_table(columns={"id": "BIGINT", "note": "STRING", "_rescued_data": "STRING", "file": "STRING"}) }}
SELECT *, _metadata.file_name AS file
FROM {{ auto_loader("{{ var('landing') }}/notes", format="csv") }}
""",
}


@pytest.mark.parametrize("name", ["${landing}/notes", "landing/notes", "notes"])
def test_files_are_given_as_rows(models: Callable[..., Models], name: str) -> None:
    """By their folder, in any of its spellings; in plain files of the other API too."""
    rows = [{"id": 1, "_metadata": {"file_name": "a.csv"}}, {"id": "2", "note": "x", "more": True}]
    found = models(LANDED).run_model("bronze.it", {name: rows})

    assert found.row_dicts() == [
        {"id": 1, "note": None, "_rescued_data": None, "more": None, "file": "a.csv"},
        {"id": 2, "note": "x", "_rescued_data": None, "more": True, "file": "given.csv"},
    ]


def test_a_column_of_files_that_is_nearly_right_is_refused(models: Callable[..., Models]) -> None:
    """Files may bring columns that nobody declared, so only what looks like a slip is one."""
    with pytest.raises(ModelTestError, match=r"did you mean `note`\?"):
        models(LANDED).run_model("bronze.it", {"notes": [{"id": 1, "ntoe": "x"}]})


def test_a_result_is_a_frame_too(run_text: Any) -> None:
    """For what is asked best in Spark's words."""
    found = run_text(COPY, {"raw.t": "a INT | b ARRAY<INT>\n1 | [1, 2]\n2 | []\n"})

    assert found.df.where("size(b) > 0").collect()[0].asDict() == {"a": 1, "b": [1, 2]}
    assert found.schema.simpleString() == "struct<a:int,b:array<int>>"
