"""Streaming services: folders of messages stand in for topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cbx.runtime import CannotRunError
from cbx.runtime.outside.message_services import SERVICES
from cbx.runtime.outside.stand_ins import read_stream_stand_ins
from compiler.tests.runtime.pipelines import Pipeline, problems

if TYPE_CHECKING:
    from pathlib import Path

KAFKA = """
    import dlt

    @dlt.table
    def events():
        rows = spark.readStream.format("kafka").option("kafka.bootstrap.servers", "x:9092").OPTION.load()
        texts = [f"CAST({name} AS STRING) AS {name}" for name in ("key", "value")]
        return rows.selectExpr(*texts, "topic", "partition", "offset")
"""
SEVERAL = pytest.mark.needs_spark("several topics in one flow")
SUBSCRIBED = KAFKA.replace("OPTION", 'option("subscribe", "orders")')


def put(pipeline: Pipeline, name: str, text: str) -> Path:
    file = pipeline.folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_each_message_arrives_once_and_keeps_its_offset(pipeline: Pipeline) -> None:
    """A line that is not a message is the value of one; a JSON object with the fields of one is a message."""
    pipeline.notebook(SUBSCRIBED)
    put(pipeline, "in/1.json", '{"id": 1}\n{"key": "a", "value": {"id": 2}}\n')
    first = pipeline.succeed(streams={"orders": "in"})
    put(pipeline, "in/2.txt", "three\n")
    put(pipeline, "in/3.json", '[{"value": "four", "partition": 1, "offset": 7}, {"value": null, "partition": 1}]')
    second = pipeline.succeed(streams={"orders": "in"})
    third = pipeline.succeed(streams={"orders": "in"})

    assert [result["events"].rows_written for result in (first, second)] == [2, 3]
    assert third["events"].status == "unchanged"
    assert sorted(pipeline.rows("events"), key=lambda row: row[3:]) == [
        (None, '{"id": 1}', "orders", 0, 0),
        ("a", '{"id": 2}', "orders", 0, 1),
        (None, "three", "orders", 0, 2),
        (None, "four", "orders", 1, 7),
        (None, None, "orders", 1, 8),
    ]


@pytest.mark.parametrize(
    ("option", "streams", "expected"),
    [
        pytest.param('option("subscribe", "a,b")', {"a": "in/a", "b": "in/b"}, ["a", "b"], marks=SEVERAL),
        pytest.param('option("subscribe", "a, b")', {"kafka": "in"}, ["a", "b"], marks=SEVERAL),
        pytest.param(
            'option("subscribePattern", "[ab]")', {"a": "in/a", "b": "in/b", "c": "in/c"}, ["a", "b"], marks=SEVERAL
        ),
        ('option("assign", \'{"b": [0]}\')', {"a": "in/a", "b": "in/b"}, ["b"]),
    ],
)
def test_topics_are_found_by_every_option(
    pipeline: Pipeline, option: str, streams: dict[str, str], expected: list[str]
) -> None:
    """By a list, a pattern and partitions; a folder for the whole service has a folder per topic."""
    pipeline.notebook(KAFKA.replace("OPTION", option))
    for topic in "abc":
        put(pipeline, f"in/{topic}/1.txt", "hello\n")
    pipeline.succeed(streams=streams)

    assert sorted(row[2] for row in pipeline.rows("events")) == expected


@pytest.mark.needs_spark("hex")
def test_the_fields_of_a_message_are_delivered(pipeline: Pipeline) -> None:
    """With types as the service delivers them, headers on demand, from Parquet with binary values; in batch, too."""
    pipeline.notebook(
        """
        import dlt

        @dlt.table
        def events():
            reader = spark.read.format("kafka").option("subscribe", "orders").option("includeHeaders", "true")
            rows = reader.load()
            assert rows.schema.simpleString() == (
                "struct<key:binary,value:binary,topic:string,partition:int,offset:bigint,timestamp:timestamp,"
                "timestampType:int,headers:array<struct<key:string,value:binary>>>"
            )
            return rows.selectExpr("hex(value) v", "string(timestamp) t", "string(headers[0].value) h")
        """
    )
    (pipeline.folder / "in").mkdir()
    rows = [{"value": b"\x00\xff", "timestamp": 1000, "headers": [{"key": "h", "value": b"x"}]}]
    pq.write_table(pa.Table.from_pylist(rows), pipeline.folder / "in" / "1.parquet")
    pipeline.succeed(streams={"orders": "in"})

    assert pipeline.rows("events") == [("00FF", "1970-01-01 00:00:01", "x")]


OTHER = pytest.mark.needs_spark("expressions in the columns of these services")
ON_SPARK = ("eventhubs", "pubsub", "pulsar")


@pytest.mark.parametrize(
    "service", [pytest.param(service, marks=OTHER if service in ON_SPARK else ()) for service in SERVICES]
)
def test_every_service_delivers_its_columns(pipeline: Pipeline, service: str) -> None:
    """A folder stands in for the service as a whole."""
    option = 'option("subscribe", "t")' if service == "kafka" else 'option("region", "x")'
    pipeline.notebook(
        f"""
        import dlt

        @dlt.table
        def events():
            return spark.readStream.format("{service}").{option}.load()
        """
    )
    put(pipeline, "in/1.csv", "id,name\n1,a\n")
    pipeline.succeed(streams={service: "in"})
    names = [column.rpartition(" AS ")[2] for column in SERVICES[service].columns]

    assert pipeline.columns("events") == names
    assert len(pipeline.rows("events")) == 1


@pytest.mark.needs_spark("Spark may have the connector of the service")
def test_a_topic_without_a_folder_is_refused_with_a_way_out(pipeline: Pipeline) -> None:
    """Instead of Spark's words about data sources and packages."""
    pipeline.notebook(SUBSCRIBED)
    (problem,) = problems(pipeline.run())

    assert (problem.code.id, problem.message, problem.span.line, problem.hint) == (
        "CBX504",
        "`orders` is read from Kafka, which is not connected locally",
        5,
        "let a folder of messages stand in for it: --stream orders=DIR",
    )


def test_a_file_without_messages_is_refused(pipeline: Pipeline) -> None:
    """With its name; the table is not changed."""
    pipeline.notebook(SUBSCRIBED)
    put(pipeline, "in/1.json", "{not json\n")
    (problem,) = problems(pipeline.run(streams={"orders": "in"}))

    assert problem.code.id == "CBX508"
    assert "in/1.json cannot be read" in problem.message


def test_a_full_refresh_reads_all_messages_again(pipeline: Pipeline) -> None:
    """Also files that were fixed since."""
    pipeline.notebook(SUBSCRIBED)
    file = put(pipeline, "in/1.txt", "one\ntwo\n")
    pipeline.succeed(streams={"orders": "in"})
    file.write_text("three\n")
    pipeline.succeed(streams={"orders": "in"}, full_refresh=True)

    assert [row[1] for row in pipeline.rows("events")] == ["three"]


def test_a_missing_folder_stops_the_run(tmp_path: Path) -> None:
    """Before Spark starts."""
    with pytest.raises(CannotRunError) as raised:
        read_stream_stand_ins({"orders": "missing"}, tmp_path)

    assert str(raised.value) == f"--stream orders: there is no file or folder {tmp_path}/missing"
