"""SQL that defines a pipeline: what becomes of its clauses before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cbx.diagnostics.diagnostic import Diagnostic
from cbx.runtime.auto_cdc import AllBut
from cbx.runtime.definitions import CdcFlow, Registry
from cbx.runtime.errors import InvalidStatementsError
from cbx.runtime.notebooks.sql_statements import define_statements
from cbx.runtime.sql.current_schema import CurrentSchema
from cbx.runtime.sql.parameters import SqlText

FILE = Path("pipeline.sql")


class Settings:
    """What a session is asked for while statements are read: its configuration."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    @property
    def conf(self) -> Settings:
        return self

    def set(self, key: str, value: str) -> None:
        self.values[key] = value


def define(text: str, **parameters: str) -> Registry:
    registry, session = Registry(), Settings()
    define_statements(SqlText.plain(text, FILE), session, registry, parameters.get, CurrentSchema())  # type: ignore[arg-type] # no query runs
    return registry


def problems(text: str, **parameters: str) -> list[Diagnostic]:
    with pytest.raises(InvalidStatementsError) as raised:
        define(text, **parameters)
    return list(raised.value.diagnostics)


def test_what_has_no_effect_is_noted_once() -> None:
    """As for the arguments of the same meaning in Python; a column of such a name is none of them."""
    registry = define("""
        CREATE STREAMING TABLE a (id INT, email STRING MASK hidden) PARTITIONED BY (id) WITH ROW FILTER mine ON (id);
        CREATE STREAMING TABLE b (id INT, location STRING COMMENT 'mask') CLUSTER BY (id);
        CREATE STREAMING TABLE c CLUSTER BY AUTO COMMENT 'location';
    """)

    assert [text.partition(" has no effect")[0] for text, _ in registry.notes] == [
        "MASK",
        "PARTITIONED BY",
        "WITH ROW FILTER",
        "CLUSTER BY",
    ]


@pytest.mark.parametrize(
    "key",
    [
        "PRIMARY KEY (id)",
        "FOREIGN KEY (id) REFERENCES b (id) NOT ENFORCED",
        "CONSTRAINT k PRIMARY KEY (id TIMESERIES) RELY",
    ],
)
def test_a_key_is_no_column(key: str) -> None:
    """Keys only inform, with a name or without."""
    registry = define(f"CREATE STREAMING TABLE a (id INT NOT NULL, {key})")

    assert registry.datasets["a"].schema == "id INT NOT NULL"


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("", False),
        ("IGNORE NULL UPDATES", True),
        ("IGNORE NULL UPDATES ON (a, b)", ("a", "b")),
        ("IGNORE NULL UPDATES ON * EXCEPT (a)", AllBut(("a",))),
    ],
)
def test_nulls_are_ignored_for_none_all_some_or_all_but_some_columns(clause: str, expected: Any) -> None:
    """The clause has the three forms of the Python arguments."""
    registry = define(f"CREATE FLOW f AS AUTO CDC INTO t FROM STREAM(s) KEYS (id) {clause} SEQUENCE BY at")
    (flow,) = registry.flows["t"]
    assert isinstance(flow, CdcFlow)

    assert flow.ignore_null_updates == expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("CREATE STREAMING TABLE a.b.c.d", "2:1: `a.b.c.d` has 4 parts: a name has at most three"),
        (
            "CREATE FLOW f AS AUTO CDC INTO t FROM STREAM(s) KEYS (id) SEQUENCE BY at STORED AS SCD TYPE two",
            "2:93: the SCD type 'two' is not supported",
        ),
        (
            "CREATE MATERIALIZED VIEW m TBLPROPERTEIS ('a' = 'b') AS SELECT 1",
            (
                "2:28: `TBLPROPERTEIS` is not expected here: expected AS, or a clause of a materialized view "
                "(CLUSTER BY, COMMENT, DEFAULT COLLATION, LOCATION, PARTITIONED BY, REFRESH POLICY, ROW FILTER, "
                "SCHEDULE, TBLPROPERTIES, TRIGGER ON, USING, WITH ROW FILTER)"
            ),
        ),
        (
            "CREATE TEMPORARY VIEW v PARTITIONED BY (a) AS SELECT 1 AS a",
            (
                "2:25: `PARTITIONED` is not expected here: expected AS, or a clause of a view "
                "(COMMENT, DEFAULT COLLATION, TBLPROPERTIES)"
            ),
        ),
        (
            "CREATE STREAMING TABLE t (id INT, CONSTRAINT rule (id > 0))",
            "2:51: `(` is not expected here: expected EXPECT, FOREIGN KEY or PRIMARY KEY",
        ),
        (
            "CREATE STREAMING TABLE t (CONSTRAINT rule EXPECT id > 0)",
            "2:50: `id` is not expected here: expected the condition in brackets",
        ),
        (
            "CREATE STREAMING TABLE t (CONSTRAINT rule EXPECT (id > 0) ON VIOLATION DELETE ROW)",
            "2:72: `DELETE` is not expected here: expected DROP ROW or FAIL UPDATE",
        ),
        (
            "CREATE STREAMING TABLE t (id INT NOT NUL)",
            "2:38: `NUL` is not expected here: expected NULL",
        ),
        ("CREATE STREAMING TABLE t (id INT", "2:26: a closing bracket is missing"),
        ("CREATE MATERIALIZED VIEW m", "2:27: AS and a query is missing after `m`"),
        ("CREATE MATERIALIZED VIEW m AS", "2:30: a query is missing after `AS`"),
        (
            "CREATE MATERIALIZED VIEW m COMMENT 'a' COMMENT 'b' AS SELECT 1",
            "2:40: `COMMENT` is not expected here: expected COMMENT only once",
        ),
        (
            "APPLY CHANGES INTO t FROM STREAM(s) KEYS (id) SEQUENCE BY at ascending STORED AS SCD TYPE 2",
            "2:62: `ascending` is not expected here: expected the end of the sequence",
        ),
        (
            "DROP TABLE t",
            "2:1: DROP is not a statement of a pipeline",
        ),
    ],
)
def test_what_is_not_understood_is_reported_at_its_place(statement: str, expected: str) -> None:
    """The line and column of the first word that has no place, and what is expected there."""
    (problem,) = problems(f"\n{statement}")
    span = problem.span
    assert span is not None

    assert f"{span.line}:{span.column}: {problem.message}" == expected


def test_a_misspelt_word_comes_with_what_it_was_meant_to_be() -> None:
    """A constraint outside of the brackets is told where it belongs."""
    hints = [
        problem.hint
        for problem in problems("""
            CREATE MATERIALIZED VIEW a CLUSTR BY AUTO AS SELECT 1;
            CREATE MATERIALIZED VIEW b CONSTRAINT r EXPECT (c > 1) AS SELECT 1 AS c;
            CREATE MATERIALISED VIEW c AS SELECT 1;
            CREATE STREAMING TABLE d (id INT COMENT 'x');
            APPLY CHANGES INTO e FROM STREAM(s) KEYS (id) SEQUENCE BY at STORD AS SCD TYPE 2;
        """)
    ]

    assert hints == [
        "did you mean `CLUSTER`?",
        "put it in the brackets after the name: name (CONSTRAINT rule EXPECT (condition) ...)",
        "did you mean `MATERIALIZED`?",
        "did you mean `COMMENT`?",
        "did you mean `STORED`?",
    ]


def test_table_properties_count_in_sql_too() -> None:
    """`pipelines.reset.allowed` keeps a table through a full refresh, however it is quoted."""
    registry = define("""
        CREATE STREAMING TABLE a TBLPROPERTIES ('pipelines.reset.allowed' = 'false');
        CREATE STREAMING TABLE b TBLPROPERTIES (pipelines.reset.allowed = false, quality = 'x');
        CREATE STREAMING TABLE c TBLPROPERTIES ('quality' 'x');
    """)

    assert [dataset.is_reset_allowed for dataset in registry.datasets.values()] == [False, False, True]


def test_parameters_are_replaced_before_anything_is_read() -> None:
    """In names, literals, clauses and in pieces of words; SET counts from its statement on."""
    registry = define(
        "SET day = '2026-01-01';\n"
        "CREATE STREAMING TABLE ${cat}.${layer}_raw.t (${columns}) COMMENT '${cat}' -- ${unknown}\n"
        ";CREATE ${kind} v AS SELECT 1 AS a; APPLY CHANGES INTO t2 FROM ${s} KEYS (id) SEQUENCE BY ${day}",
        cat="main",
        layer="silver",
        columns="id INT, day DATE",
        kind="TEMPORARY VIEW",
        s="STREAM(src)",
    )
    (flow,) = registry.flows["t2"]

    assert [(key, dataset.schema) for key, dataset in registry.datasets.items()] == [
        ("silver_raw.t", "id INT, day DATE"),
        ("v", None),
    ]
    assert isinstance(flow, CdcFlow)
    assert flow.sequence_by == "'2026-01-01'"


def test_a_parameter_without_a_value_is_an_error() -> None:
    """At its place, rather than a table called `$`."""
    with pytest.raises(Exception, match="has no value") as raised:
        define("CREATE STREAMING TABLE a;\n  CREATE STREAMING TABLE ${cat}.b")
    problem = raised.value.diagnostic  # type: ignore[attr-defined]

    assert (str(problem.span), problem.message) == ("pipeline.sql:2:26", "the parameter `${cat}` has no value")


def test_places_point_into_the_text_as_it_is_written() -> None:
    """Also behind parameters whose values are longer, have lines of their own, or hold the mistake."""
    (behind,) = problems("CREATE STREAMING TABLE ${name} CLUSTR BY AUTO", name="a_much_longer_name\n")
    (inside,) = problems("CREATE STREAMING TABLE a\n${clauses} COMMENT 'x'", clauses="COMMENT 'y' CLUSTR BY AUTO")

    assert (str(behind.span), str(inside.span)) == ("pipeline.sql:1:32", "pipeline.sql:2:1")


def test_a_table_with_its_flow_in_one_statement() -> None:
    """`FLOW AUTO CDC` fills the table that it stands in."""
    registry = define("CREATE STREAMING TABLE a.t COMMENT 'x' FLOW AUTO CDC FROM STREAM(s) KEYS (id) SEQUENCE BY at")
    (flow,) = registry.flows["a.t"]

    assert (flow.name, list(registry.datasets), registry.datasets["a.t"].query) == ("a.t", ["a.t"], None)


@pytest.mark.parametrize(
    ("clauses", "reason"),
    [
        ("FROM SNAPSHOT s KEYS (id)", "FROM SNAPSHOT is not supported locally"),
        ("FROM s KEYS (id) SEQUENCE BY at SYSTEM SEQUENCE BY b", "SYSTEM SEQUENCE BY is not supported locally"),
        ("FROM s KEYS (id) SEQUENCE BY at STORED AS BITEMPORAL", "STORED AS BITEMPORAL is not supported locally"),
        ("FROM s KEYS (id) COLUMNS TO UPDATE c SEQUENCE BY at", "COLUMNS TO UPDATE is not supported locally"),
    ],
)
def test_clauses_that_the_local_runtime_does_not_have(clauses: str, reason: str) -> None:
    """They are known, and refused rather than left out."""
    (problem,) = problems(f"CREATE FLOW f AS AUTO CDC INTO t {clauses}")

    assert (problem.message, problem.hint is not None) == (reason, True)
