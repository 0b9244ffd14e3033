"""The systems outside of files and tables that readers of Spark reach: streaming services and databases.

Columns and options are those of the Databricks pages "Stream processing with Apache Kafka and Databricks", "Connect to
Amazon Kinesis", "Subscribe to Google Pub/Sub" and "Stream from Apache Pulsar", of the functions `read_kafka`,
`read_kinesis` and `read_pubsub` of Databricks SQL, and of Spark's page "Kafka Integration Guide".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from cbx.diagnostics.did_you_mean import nearest


class ServiceColumn(NamedTuple):
    """A column of the messages of a service, with its SQL type."""

    name: str
    type: str
    is_never_null: bool = False


class StreamingService(NamedTuple):
    """A streaming service.

    Attributes:
        title: Its name, for people.
        topic_options: The options of the reader that name topics, in lower case.
        needs: The further options that a reader needs.
        columns: The columns of its messages; None if they depend on the topic.
    """

    title: str
    topic_options: tuple[str, ...]
    needs: tuple[str, ...] = ()
    columns: tuple[ServiceColumn, ...] | None = None


STREAMING_SERVICES: Final[Mapping[str, StreamingService]] = {
    "kafka": StreamingService(
        "Kafka",
        ("subscribe", "subscribepattern", "assign"),
        ("kafka.bootstrap.servers",),
        (
            ServiceColumn("key", "BINARY"),
            ServiceColumn("value", "BINARY"),
            ServiceColumn("topic", "STRING", is_never_null=True),
            ServiceColumn("partition", "INT", is_never_null=True),
            ServiceColumn("offset", "BIGINT", is_never_null=True),
            ServiceColumn("timestamp", "TIMESTAMP", is_never_null=True),
            ServiceColumn("timestampType", "INT", is_never_null=True),
        ),
    ),
    "kinesis": StreamingService(
        "Kinesis",
        ("streamname", "streamarn"),
        (),
        (
            ServiceColumn("partitionKey", "STRING"),
            ServiceColumn("data", "BINARY"),
            ServiceColumn("stream", "STRING"),
            ServiceColumn("shardId", "STRING"),
            ServiceColumn("sequenceNumber", "STRING"),
            ServiceColumn("approximateArrivalTimestamp", "TIMESTAMP"),
        ),
    ),
    "eventhubs": StreamingService("Event Hubs", ("eventhubs.name",)),
    "pubsub": StreamingService(
        "Pub/Sub",
        ("topicid", "subscriptionid"),
        ("subscriptionId", "topicId", "projectId"),
        (
            ServiceColumn("messageId", "STRING", is_never_null=True),
            ServiceColumn("payload", "BINARY"),
            ServiceColumn("attributes", "STRING"),
            ServiceColumn("publishTimestampInMillis", "BIGINT", is_never_null=True),
        ),
    ),
    "pulsar": StreamingService("Pulsar", ("topic", "topics", "topicspattern"), ("service.url",)),
}

HEADERS: Final = ServiceColumn("headers", "ARRAY<STRUCT<key: STRING, value: BINARY>>")
"""The column that Kafka delivers with the option `includeHeaders`."""

JDBC_OPTIONS: Final = (("url",), ("dbtable", "query"))
"""The options that the reader of JDBC needs: one of each."""

FILE_FORMATS: Final = frozenset({"json", "csv", "parquet", "avro", "orc", "text", "xml", "binaryfile"})
"""The formats of files, in lower case."""

DATABASES: Final = frozenset(
    {"jdbc", "postgresql", "mysql", "sqlserver", "oracle", "redshift", "snowflake", "bigquery", "sqldw", "mongodb"}
)
"""The formats of databases, from which Spark reads in batch only."""

TABLE_OPTIONS: Final = ("dbtable", "table", "collection")
"""The options that name a table of another system, in lower case."""


def naming_option(format_name: str, options: Collection[str]) -> str | None:
    """The option that names the topics or the table that a reader reads; None if none does.

    Args:
        format_name: The format of the reader.
        options: The names of its options, in lower case.
    """
    service = STREAMING_SERVICES.get(format_name.lower())
    wanted = service.topic_options if service is not None else (*TABLE_OPTIONS, "path")
    return next((name for name in wanted if name in options), None)


_KAFKA: Final = (
    "assign",
    "subscribe",
    "subscribePattern",
    "startingOffsets",
    "startingTimestamp",
    "startingOffsetsByTimestamp",
    "startingOffsetsByTimestampStrategy",
    "endingOffsets",
    "endingTimestamp",
    "endingOffsetsByTimestamp",
    "failOnDataLoss",
    "kafkaConsumer.pollTimeoutMs",
    "fetchOffset.numRetries",
    "fetchOffset.retryIntervalMs",
    "maxOffsetsPerTrigger",
    "minOffsetsPerTrigger",
    "maxTriggerDelay",
    "minPartitions",
    "maxRecordsPerPartition",
    "groupIdPrefix",
    "includeHeaders",
    "databricks.serviceCredential",
    "databricks.serviceCredential.scope",
)
_KAFKA_NAMES: Final = {name.lower() for name in _KAFKA}
_CLIENT: Final = ("security", "sasl", "ssl", "bootstrap", "group", "fetch", "max", "request", "session", "client")
"""The first words of settings of Kafka's client, which the reader passes on if `kafka.` is before them."""


def nearest_kafka_option(option: str) -> str | None:
    """The option of the Kafka reader that was probably meant; None for an option that may exist.

    Spark ignores an option that it does not know, so a misspelt one has no effect.
    """
    if option.lower() in _KAFKA_NAMES or option.lower().startswith("kafka."):
        return None
    if "." in option and option.partition(".")[0] in _CLIENT:
        return f"kafka.{option}"
    return nearest(option, _KAFKA)
