"""SQL that defines a pipeline: what becomes of its clauses before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cbx.runtime.auto_cdc import AllBut
from cbx.runtime.definitions import CdcFlow, Registry
from cbx.runtime.problems import RunError
from cbx.runtime.sql_source import define


def defined(text: str) -> Registry:
    registry = Registry()
    define(text, Path("pipeline.sql"), 1, None, registry)  # type: ignore[arg-type] # no query runs
    return registry


def test_what_has_no_effect_is_noted_once() -> None:
    """As for the arguments of the same meaning in Python; a column of such a name is none of them."""
    registry = defined("""
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
    "key", ["PRIMARY KEY (id)", "FOREIGN KEY (id) REFERENCES b (id)", "CONSTRAINT k PRIMARY KEY (id)"]
)
def test_a_key_is_no_column(key: str) -> None:
    """Keys only inform, with a name or without."""
    registry = defined(f"CREATE STREAMING TABLE a (id INT NOT NULL, {key})")

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
    registry = defined(f"CREATE FLOW f AS AUTO CDC INTO t FROM STREAM(s) KEYS (id) {clause} SEQUENCE BY at")
    (flow,) = registry.flows["t"]
    assert isinstance(flow, CdcFlow)

    assert flow.ignore_null_updates == expected


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE STREAMING TABLE a.b.c.d", "`a.b.c.d` has 4 parts: a name has at most three"),
        (
            "CREATE FLOW f AS AUTO CDC INTO t FROM STREAM(s) KEYS (id) SEQUENCE BY at STORED AS SCD TYPE two",
            "the SCD type is 'two', and only 1 and 2 are known here",
        ),
    ],
)
def test_a_statement_that_cannot_be_is_refused_at_its_line(statement: str, reason: str) -> None:
    """In the words of the statement, and with the way out."""
    with pytest.raises(RunError) as raised:
        defined(f"\n{statement}")
    problem = raised.value.problem

    assert (str(problem.place), problem.reason, problem.hint is not None) == ("pipeline.sql:2", reason, True)
