"""What AUTO CDC refuses, and what it says then."""

from typing import Any

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses

from cbx.runtime.auto_cdc import AllBut, CdcSpec, CdcSpecError, changed_row_error, merge_changes
from compiler.tests.runtime.cdc_frames import by_id, frame


@pytest.mark.parametrize("sequence", ["at", "struct(at, at as again)"])
def test_a_null_sequence_is_an_error_with_target_and_key(spark: SparkSession, sequence: str) -> None:
    """Such a change has no place among the others, so nothing is guessed."""
    changes = frame(spark, [(1, "x", 1), (7, "x", None)], "id INT, name STRING, at INT")
    spec = CdcSpec("silver.users", ("id", "name"), F.expr(sequence), 1)
    with pytest.raises(PySparkException) as caught:
        merge_changes(None, changes, spec).collect()
    error = changed_row_error(caught.value)
    assert error is not None

    assert (error.target, error.reason) == (
        "silver.users",
        'a change of the key {"id": 7, "name": "x"} has a NULL sequence',
    )


def test_another_failure_is_not_taken_for_a_null_sequence() -> None:
    """Only the error that the merge raised itself is translated."""
    assert changed_row_error(ValueError("the disk is full")) is None


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"keys": ()}, "the flow has no keys"),
        ({"scd_type": 3}, "the SCD type 3 is not supported"),
        ({"column_list": ("id",), "except_column_list": ("a",)}, "cannot be combined"),
        ({"scd_type": 2, "apply_as_truncates": True}, "`apply_as_truncates` requires SCD type 1"),
        ({"track_history_column_list": ("a",)}, "`track_history_*` requires SCD type 2"),
        (
            {"scd_type": 2, "track_history_column_list": ("a",), "track_history_except_column_list": ("a",)},
            "cannot be combined",
        ),
        ({"keys": ("nope",)}, "`keys` has the column `nope`"),
        ({"column_list": ("id", "nope")}, "`column_list` has the column `nope`"),
        ({"column_list": ("a",)}, "the target has no column for the key `id`"),
        ({"except_column_list": ("nope",)}, "`except_column_list` has the column `nope`"),
        ({"ignore_null_updates": ("nope",)}, "`ignore_null_updates_column_list` has the column `nope`"),
        (
            {"ignore_null_updates": AllBut(("nope",))},
            "`ignore_null_updates_except_column_list` has the column `nope`",
        ),
        ({"scd_type": 2, "track_history_column_list": ("nope",)}, "has the column `nope`"),
        ({"scd_type": 2, "track_history_except_column_list": ("nope",)}, "has the column `nope`"),
    ],
)
def test_a_flow_that_cannot_be_says_why(spark: SparkSession, options: dict[str, Any], reason: str) -> None:
    """Every error names the target, the reason and a way out."""
    changes = frame(spark, [(1, 2, 3)], "id INT, a INT, at INT")
    given = {"target": "silver.target", "keys": ("id",), "sequence_by": F.col("at"), "scd_type": 1, **options}
    with pytest.raises(CdcSpecError) as caught:
        merge_changes(None, changes, CdcSpec(**given))

    assert (caught.value.target, reason in caught.value.reason, caught.value.hint != "") == (
        "silver.target",
        True,
        True,
    )


@pytest.mark.parametrize("scd_type", [1, 2])
def test_names_that_the_target_needs_are_refused(spark: SparkSession, scd_type: int) -> None:
    """A type 2 target has bounds of its own, and a type 1 target may not have such columns either."""
    changes = frame(spark, [(1, 2, 3)], "id INT, __start_at INT, at INT")
    with pytest.raises(CdcSpecError) as caught:
        merge_changes(None, changes, by_id(scd_type))

    assert caught.value.reason == "the column name `__start_at` is reserved"


def test_a_null_key_is_an_error(spark: SparkSession) -> None:
    """In any of the key columns, but for a truncate, which has none."""
    changes = frame(spark, [(1, "x", "I", 1), (2, None, "I", 2)], "id INT, name STRING, op STRING, at INT")
    spec = CdcSpec(
        "t", ("id", "name"), F.col("at"), 1, apply_as_truncates=F.expr("op = 'T'"), except_column_list=("op",)
    )
    with pytest.raises(PySparkException) as caught:
        merge_changes(None, changes, spec).collect()
    error = changed_row_error(caught.value)
    truncated = merge_changes(None, changes.replace("I", "T", ["op"]), spec)

    assert error is not None
    assert error.reason == 'a change has a NULL in its key {"id": 2, "name": null}'
    assert len(truncated.collect()) > 0


def test_a_sequence_without_an_order_is_refused(spark: SparkSession) -> None:
    """A map cannot be compared."""
    changes = frame(spark, [(1, {"a": 1})], "id INT, at MAP<STRING, INT>")
    with pytest.raises(CdcSpecError, match="has no order"):
        merge_changes(None, changes, by_id(1))


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        (("id", 2), "the SCD type of the target has changed"),
        (("other", 1), "the key `other` of the target is new"),
    ],
)
def test_a_state_of_another_flow_asks_for_a_full_refresh(
    spark: SparkSession, later: tuple[str, int], reason: str
) -> None:
    """The state of other keys or another SCD type cannot be converted."""
    state = merge_changes(None, frame(spark, [(1, 1)], "id INT, at INT"), by_id(1))
    key, scd_type = later
    changes = frame(spark, [(1, 1, 1)], "id INT, other INT, at INT")
    with pytest.raises(CdcSpecError) as caught:
        merge_changes(state, changes, CdcSpec("silver.target", (key,), F.col("at"), scd_type))

    assert (caught.value.reason, "full refresh" in caught.value.hint) == (reason, True)
