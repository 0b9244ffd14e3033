"""Streams of the changes of tables that flows change: ``skipChangeCommits`` and ``readChangeFeed``."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.tests.runtime.pipelines import Pipeline, problems

pytestmark = pytest.mark.needs_spark("change data feeds")

TARGET = """
    import dlt

    @dlt.view
    def changes():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema("k BIGINT, v STRING, seq BIGINT, op STRING").load("landing")

    dlt.create_streaming_table("target")
    dlt.apply_changes(
        target="target", source="changes", keys=["k"], sequence_by="seq", stored_as_scd_type=TYPE,
        apply_as_deletes="op = 'DELETE'", except_column_list=["op"],
    )

    @dlt.table
    def appended():
        return spark.readStream.option("skipChangeCommits", "true").table("target")

    @dlt.table
    def feed():
        return spark.readStream.option("readChangeFeed", "true").table("target").drop("_commit_timestamp")
"""


def land(pipeline: Pipeline, name: str, *rows: tuple[Any, ...]) -> None:
    pipeline.land(name, "".join(f'{{"k": {k}, "v": "{v}", "seq": {seq}, "op": "{op}"}}\n' for k, v, seq, op in rows))


def kinds(pipeline: Pipeline) -> list[tuple[Any, ...]]:
    """The rows of the change feed: key, value and type of the change."""
    names = [pipeline.columns("feed").index(name) for name in ("k", "v", "_change_type")]
    return sorted(tuple(row[index] for index in names) for row in pipeline.rows("feed"))


def test_a_stream_skips_updates_that_change_rows(pipeline: Pipeline) -> None:
    """The first update is a snapshot; one that only inserts is appended; one that changes or deletes is left out."""
    pipeline.notebook(TARGET.replace("TYPE", "1"))
    land(pipeline, "1.json", (1, "a", 1, ""), (2, "b", 1, ""))
    pipeline.succeed()
    land(pipeline, "2.json", (3, "c", 1, ""))
    inserted = pipeline.succeed()
    land(pipeline, "3.json", (1, "z", 2, ""), (4, "d", 1, ""), (2, "", 3, "DELETE"))
    changed = pipeline.succeed()
    unchanged = pipeline.succeed()

    assert [result["appended"].rows_written for result in (inserted, changed)] == [1, 0]
    assert pipeline.rows("appended") == [(1, "a", 1), (2, "b", 1), (3, "c", 1)]
    assert kinds(pipeline) == [
        (1, "a", "insert"),
        (1, "a", "update_preimage"),
        (1, "z", "update_postimage"),
        (2, "b", "delete"),
        (2, "b", "insert"),
        (3, "c", "insert"),
        (4, "d", "insert"),
    ]
    assert {result.status for result in unchanged.values()} == {"unchanged"}


def test_a_change_by_a_microsecond_is_in_the_feed(pipeline: Pipeline) -> None:
    notebook = TARGET.replace("TYPE", "1").replace("v STRING", "v TIMESTAMP").replace('["op"]', '["op", "seq"]')
    pipeline.notebook(notebook)
    for number in (1, 2):
        land(pipeline, f"{number}.json", (1, f"2026-01-01T00:00:00.00000{number}Z", number, ""))
        pipeline.succeed()

    assert [(value.microsecond, kind) for _, value, kind in kinds(pipeline)] == [
        (1, "insert"),
        (1, "update_preimage"),
        (2, "update_postimage"),
    ]


def test_history_is_a_change_of_the_old_row_and_a_new_one(pipeline: Pipeline) -> None:
    """A row of SCD type 2 is found again by its key and its start."""
    pipeline.notebook(TARGET.replace("TYPE", "2"))
    land(pipeline, "1.json", (1, "a", 1, ""))
    pipeline.succeed()
    land(pipeline, "2.json", (1, "b", 2, ""))
    pipeline.succeed()

    assert kinds(pipeline) == [
        (1, "a", "insert"),
        (1, "a", "update_postimage"),
        (1, "a", "update_preimage"),
        (1, "b", "insert"),
    ]


def test_the_feed_rebuilds_the_table(pipeline: Pipeline) -> None:
    """Whatever the changes are: inserts and new images, without deletes and old images, are the rows."""
    pipeline.notebook(TARGET.replace("TYPE", "1"))
    for number in range(4):
        rows = [(k, f"{number}-{k}", number, "DELETE" if (k + number) % 5 == 0 else "") for k in range(number, 8, 2)]
        land(pipeline, f"{number}.json", *rows)
        pipeline.succeed()
    balance: dict[tuple[Any, ...], int] = {}
    for *row, change, _ in pipeline.rows("feed"):
        balance[tuple(row)] = balance.get(tuple(row), 0) + (1 if change in ("insert", "update_postimage") else -1)

    assert sorted(row for row, count in balance.items() if count) == pipeline.rows("target")


def test_each_stream_starts_with_the_rows_that_it_finds(pipeline: Pipeline) -> None:
    """A stream that is defined later has the rows of then, and no earlier changes."""
    notebook = TARGET.replace("TYPE", "1")
    pipeline.notebook(notebook)
    land(pipeline, "1.json", (1, "a", 1, ""))
    pipeline.succeed()
    land(pipeline, "2.json", (1, "b", 2, ""))
    pipeline.succeed()
    pipeline.notebook(
        notebook
        + """
    @dlt.table
    def later():
        return spark.readStream.option("skipChangeCommits", "true").table("target")
"""
    )
    pipeline.succeed()
    land(pipeline, "3.json", (2, "c", 1, ""))
    pipeline.succeed()

    assert pipeline.rows("later") == [(1, "b", 2), (2, "c", 1)]


def test_a_fully_refreshed_target_stops_its_streams(pipeline: Pipeline) -> None:
    """Until they are fully refreshed, too."""
    pipeline.notebook(TARGET.replace("TYPE", "1"))
    land(pipeline, "1.json", (1, "a", 1, ""))
    pipeline.succeed()
    refused = problems(pipeline.run(select=frozenset({"target", "appended"}), full_refresh=False)) + problems(
        pipeline.run(select=frozenset({"target"}), full_refresh=True)
    )
    (first, second) = problems(pipeline.run())
    pipeline.succeed(full_refresh=True)

    assert refused == []
    assert {first.code.id, second.code.id} == {"CBX509"}
    assert kinds(pipeline) == [(1, "a", "insert")]


def test_a_table_that_only_grows_has_a_feed_of_inserts(pipeline: Pipeline) -> None:
    """With the number of the update as the version."""
    pipeline.notebook(
        """
        import dlt

        @dlt.table
        def grows():
            reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
            return reader.schema("id BIGINT").load("landing")

        @dlt.table
        def feed():
            return spark.readStream.option("readChangeFeed", True).table("grows").drop("_commit_timestamp")
        """
    )
    pipeline.land("1.json", '{"id": 1}\n')
    pipeline.succeed()
    pipeline.land("2.json", '{"id": 2}\n')
    pipeline.succeed()

    assert pipeline.rows("feed") == [(1, "insert", 1), (2, "insert", 2)]


@pytest.mark.parametrize(
    ("read", "code", "message"),
    [
        ('spark.read.option("readChangeFeed", "true").table("target")', "CBX504", "the changes of a table are not"),
        ('spark.read.option("versionAsOf", 1).table("target")', "CBX504", "the option versionasof is not supported"),
        (
            'spark.readStream.option("readChangeFeed", "true").option("startingVersion", 0).table("target")',
            "CBX504",
            "the option startingversion is not supported",
        ),
        ('spark.readStream.table("target")', "CBX505", "`target` cannot be read as a stream"),
        ('spark.readStream.option("skipChangeCommits", "true").table("all_rows")', "CBX505", "`all_rows` cannot be"),
    ],
)
def test_what_is_not_kept_is_refused(pipeline: Pipeline, read: str, code: str, message: str) -> None:
    """Earlier versions, changes in batch, and streams that would see changes: never wrong rows in silence."""
    pipeline.notebook(
        TARGET.partition("    @dlt.table")[0].replace("TYPE", "1")
        + f"""
    @dlt.table
    def all_rows():
        return spark.read.table("target")

    @dlt.table
    def reader():
        return {read}
"""
    )
    land(pipeline, "1.json", (1, "a", 1, ""))
    (problem,) = problems(pipeline.run())

    assert problem.code.id == code
    assert problem.message.startswith(message)
    assert problem.hint
