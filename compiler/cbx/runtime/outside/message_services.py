"""The streaming services that folders of messages can stand in for, and the columns that each of them delivers.

The columns are those of the Databricks pages "Stream processing with Apache Kafka and Databricks", "Connect to Amazon
Kinesis", "Subscribe to Google Pub/Sub" and "Stream from Apache Pulsar", and of the Event Hubs connector.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple

from cbx.declare.outside_systems import STREAMING_SERVICES
from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.runtime.calling_line import calling_line
from cbx.runtime.errors import RunError

_TEXT_KEY: Final = "CAST(key AS STRING)"
_OFFSET_TEXT: Final = "CAST(offset AS STRING)"
_NO_PROPERTIES: Final = "CAST(map() AS MAP<STRING, STRING>)"


class MessageService(NamedTuple):
    """A streaming service.

    Attributes:
        columns: The columns of its rows, as SQL over those of ``stored_messages.SCHEMA``.
        provider: The class of Spark's connector for it.
    """

    columns: tuple[str, ...]
    provider: str


SERVICES: Final[Mapping[str, MessageService]] = {
    "kafka": MessageService(
        ("key", "value", "topic", "partition", "offset", "timestamp", "timestampType"),
        "org.apache.spark.sql.kafka010.KafkaSourceProvider",
    ),
    "kinesis": MessageService(
        (
            f"{_TEXT_KEY} AS partitionKey",
            "value AS data",
            "topic AS stream",
            "concat('shardId-', lpad(CAST(partition AS STRING), 12, '0')) AS shardId",
            f"{_OFFSET_TEXT} AS sequenceNumber",
            "timestamp AS approximateArrivalTimestamp",
        ),
        "org.apache.spark.sql.kinesis.KinesisSourceProvider",
    ),
    "eventhubs": MessageService(
        (
            "value AS body",
            "CAST(partition AS STRING) AS partition",
            f"{_OFFSET_TEXT} AS offset",
            "offset AS sequenceNumber",
            "timestamp AS enqueuedTime",
            "CAST(NULL AS STRING) AS publisher",
            f"{_TEXT_KEY} AS partitionKey",
            f"{_NO_PROPERTIES} AS properties",
            f"{_NO_PROPERTIES} AS systemProperties",
        ),
        "org.apache.spark.sql.eventhubs.EventHubsSourceProvider",
    ),
    "pubsub": MessageService(
        (
            f"{_OFFSET_TEXT} AS messageId",
            "value AS payload",
            "to_json(map_from_entries(transform(headers, h -> struct(h.key, CAST(h.value AS STRING))))) AS attributes",
            "unix_millis(timestamp) AS publishTimestampInMillis",
        ),
        "com.google.cloud.pubsub.spark.PubsubSourceProvider",
    ),
    "pulsar": MessageService(
        (
            "value",
            "key AS __key",
            "topic AS __topic",
            f"CAST({_OFFSET_TEXT} AS BINARY) AS __messageId",
            "timestamp AS __publishTime",
            "timestamp AS __eventTime",
            f"{_NO_PROPERTIES} AS __messageProperties",
        ),
        "org.apache.spark.sql.pulsar.PulsarProvider",
    ),
}


def topics_of(service: str, options: Mapping[str, str], names: Collection[str]) -> list[str]:
    """The topics that a reader reads; the name of the service if its options name none.

    Args:
        service: The format of the reader, in lower case.
        options: The options of the reader.
        names: The names for which folders stand in, to which patterns apply.

    Raises:
        RunError: If Kafka's options do not name exactly one kind of topics, as Spark does.
    """
    given = {name.lower(): value for name, value in options.items()}
    wanted = [name for name in STREAMING_SERVICES[service].topic_options if given.get(name)]
    if service == "kafka" and len(wanted) != 1:
        raise RunError(
            INVALID_DEFINITION,
            "the Kafka reader needs exactly one of the options subscribe, subscribePattern and assign",
            span=calling_line(),
            hint='add option("subscribe", "topic")',
        )
    return _TOPICS.get(wanted[0], _split_list)(given[wanted[0]], names) if wanted else [service]


def _split_list(text: str, _: Collection[str]) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _match_names(pattern: str, names: Collection[str]) -> list[str]:
    return [name for name in names if re.fullmatch(pattern, name)] or [pattern]


def _read_assignment(text: str, _: Collection[str]) -> list[str]:
    try:
        return list(json.loads(text))
    except ValueError:
        hint = 'write it as {"topic": [0, 1]}'
        raise RunError(INVALID_DEFINITION, f"assign: {text} is not JSON", span=calling_line(), hint=hint) from None


_TOPICS: Final[Mapping[str, Callable[[str, Collection[str]], list[str]]]] = {
    "subscribepattern": _match_names,
    "topicspattern": _match_names,
    "assign": _read_assignment,
}


def columns_of(service: str, options: Mapping[str, str]) -> tuple[str, ...]:
    """The columns that a reader returns, as SQL."""
    given: dict[str, Any] = {name.lower(): value.lower() for name, value in options.items()}
    headers = ("headers",) if service == "kafka" and given.get("includeheaders") == "true" else ()
    return (*SERVICES[service].columns, *headers)
