"""AUTO CDC through `run_model`: the documented example, and what the documentation says of the arguments."""

from __future__ import annotations

from typing import Any

import pytest

from cbx.testing import ModelFailed, assert_rows

# https://docs.databricks.com/aws/en/dlt/cdc
CHANGES = """
    userId | name     | city        | operation | sequenceNum
    124    | Raul     | Oaxaca      | INSERT    | 1
    123    | Isabel   | Monterrey   | INSERT    | 1
    125    | Mercedes | Tijuana     | INSERT    | 2
    126    | Lily     | Cancun      | INSERT    | 2
    123    | NULL     | NULL        | DELETE    | 6
    125    | Mercedes | Guadalajara | UPDATE    | 6
    125    | Mercedes | Mexicali    | UPDATE    | 5
    123    | Isabel   | Chihuahua   | UPDATE    | 5
"""
TRUNCATE = "    NULL   | NULL     | NULL        | TRUNCATE  | 3\n"


def add_types(table: str) -> str:
    """The table with the types of its numbers in its header."""
    return table.replace("userId |", "userId BIGINT |", 1).replace("| sequenceNum", "| sequenceNum BIGINT", 1)


def model(**arguments: Any) -> str:
    fixed = {"key": "userId", "sequence_by": "sequenceNum", "except_columns": ["operation", "sequenceNum"]}
    given = ", ".join(f"{name}={value!r}" for name, value in (fixed | arguments).items())
    return f'{{{{ auto_cdc({given}) }}}}\nSELECT * FROM {{{{ stream_source("raw.changes") }}}}\n'


def split_batches(table: str) -> list[str]:
    """The changes of a table in two batches, the last ones first."""
    header, *lines = table.strip().splitlines()
    return ["\n".join([header, *part]) for part in (lines[5:], lines[:5])]


CASES = {
    "type 1": (
        {"scd_type": 1},
        CHANGES,
        """
        userId | name     | city
        124    | Raul     | Oaxaca
        125    | Mercedes | Guadalajara
        126    | Lily     | Cancun
        """,
    ),
    "type 1, truncated": (
        {"scd_type": 1, "apply_as_truncates": "operation = 'TRUNCATE'"},
        CHANGES + TRUNCATE,
        """
        userId | name     | city
        125    | Mercedes | Guadalajara
        """,
    ),
    "type 2": (
        {"scd_type": 2},
        CHANGES,
        """
        userId | name     | city        | __START_AT | __END_AT
        123    | Isabel   | Monterrey   | 1          | 5
        123    | Isabel   | Chihuahua   | 5          | 6
        124    | Raul     | Oaxaca      | 1          | NULL
        125    | Mercedes | Tijuana     | 2          | 5
        125    | Mercedes | Mexicali    | 5          | 6
        125    | Mercedes | Guadalajara | 6          | NULL
        126    | Lily     | Cancun      | 2          | NULL
        """,
    ),
    "type 2, without a history of cities": (
        {"scd_type": 2, "track_history": {"except": ["city"]}},
        CHANGES,
        """
        userId | name     | city        | __START_AT | __END_AT
        123    | Isabel   | Chihuahua   | 1          | 6
        124    | Raul     | Oaxaca      | 1          | NULL
        125    | Mercedes | Guadalajara | 2          | NULL
        126    | Lily     | Cancun      | 2          | NULL
        """,
    ),
}


@pytest.mark.spark
@pytest.mark.parametrize("in_batches", [False, True], ids=["at once", "in batches, the last first"])
@pytest.mark.parametrize("case", CASES)
def test_the_documented_example(run_text: Any, case: str, in_batches: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """However the changes are cut into batches, the table is the same."""
    arguments, changes, expected = CASES[case]
    given = split_batches(add_types(changes)) if in_batches else add_types(changes)

    result = run_text(model(apply_as_deletes="operation = 'DELETE'", **arguments), {"raw.changes": given})

    assert_rows(result, expected)
    assert len(result) == len(expected.strip().splitlines()) - 1


@pytest.mark.spark
def test_a_row_that_was_deleted_does_not_come_back_with_an_older_change(run_text: Any) -> None:
    """A delete leaves a mark behind."""
    deleted = {"userId": 1, "name": "Ann", "operation": "DELETE", "sequenceNum": 5}
    older = {"userId": 1, "name": "Ann", "operation": "UPDATE", "sequenceNum": 4}

    result = run_text(model(scd_type=1, apply_as_deletes="operation = 'DELETE'"), {"raw.changes": [[deleted], [older]]})

    assert result.rows() == []


@pytest.mark.spark
@pytest.mark.parametrize(("ignores", "name"), [(False, None), (True, "Ann")])
def test_a_null_leaves_what_was_there_where_nulls_are_ignored(run_text: Any, ignores: bool, name: str | None) -> None:  # noqa: FBT001 - as above
    """Otherwise it overwrites."""
    first = {"userId": 1, "name": "Ann", "operation": "I", "sequenceNum": 1}
    second = {"userId": 1, "name": None, "operation": "U", "sequenceNum": 2}

    result = run_text(model(scd_type=1, ignore_null_updates=ignores), {"raw.changes": [first, second]})

    assert result.rows("userId", "name") == [(1, name)]


@pytest.mark.spark
def test_a_replay_changes_nothing(run_text: Any) -> None:
    """Whoever sends a batch twice must not have two rows."""
    batch = [{"userId": 1, "name": "Ann", "operation": "I", "sequenceNum": 1}]

    result = run_text(model(scd_type=2), {"raw.changes": [batch, batch]})

    assert result.rows("userId", "__START_AT", "__END_AT") == [(1, 1, None)]


@pytest.mark.spark
def test_a_change_without_a_sequence_is_refused(run_text: Any) -> None:
    """It has no place among the others."""
    change = [("userId", "name", "operation", "sequenceNum"), (1, "Ann", "I", 1), (2, "Bob", "I", None)]

    with pytest.raises(ModelFailed, match=r'the key \{"userId": 2\} has a NULL sequence'):
        run_text(model(scd_type=1), {"raw.changes": change})
