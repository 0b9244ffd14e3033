"""The documents of the words of the vocabulary: frozen, strict, without unknown fields.

A field's ``description`` completes the sentence "takes ...", for the diagnostic of a value of the wrong type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import CoreSchema, core_schema

Word = Annotated[str, Field(min_length=1)]
Words = tuple[Word, ...]
Enforcement = Literal["warn", "fail"]
Options = dict[str, str | bool | int | float]
_OPTIONS = "a dictionary of option names and their values"


class Document(BaseModel):
    """The arguments of one call of the vocabulary."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class CheckedBefore:
    """The mark of documents within a document: they are checked when they are read, and are not checked again."""

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, _: object) -> CoreSchema:
        return core_schema.is_instance_schema(get_args(source) or source)


class ColumnDocument(Document):
    """``column(...)``."""

    type: Word = Field(description="a SQL type as text")
    description: str | None = Field(None, description="text")
    not_null: bool = Field(False, description="True or False")
    measure: Literal["total", "rate"] | None = Field(None, description='"total" or "rate"')
    mask: Word | None = Field(None, description="a function and its columns as text")
    tags: dict[Word, str] = Field({}, description="a dictionary of texts")


class ModelInputDocument(Document):
    """``ref(...)`` and ``stream(...)``."""

    model: Word = Field(description='the id of a model as text, "layer.name"')


class TableInputDocument(Document):
    """``source(...)`` and ``stream_source(...)``."""

    table: Word = Field(description="the name of a table as text")


class AutoLoaderDocument(Document):
    """``auto_loader(...)``."""

    path: Word = Field(description="a folder as text")
    format: Literal["json", "csv", "parquet", "avro", "orc", "text", "xml", "binaryFile"] = Field(
        description='"json", "csv", "parquet", "avro", "orc", "text", "xml" or "binaryFile"'
    )
    schema_hints: Word | dict[str, Word] | None = Field(
        None, description="SQL types by column name, or the same as one text"
    )
    columns: Word | dict[str, Word] | None = Field(
        None, description="SQL types by column name, or the same as one text"
    )
    options: Options = Field({}, description=_OPTIONS)
    glob: Word | None = Field(None, description="a pattern of file names as text")


class KafkaDocument(Document):
    """``kafka(...)``."""

    topic: Word | Annotated[Words, Field(min_length=1)] | None = Field(
        None, description="the name of a topic or a list of them"
    )
    servers: Word | Annotated[Words, Field(min_length=1)] = Field(
        description='the addresses of brokers as text, such as "broker:9092", or a list of them'
    )
    starting_offsets: Word | None = Field(None, description='"earliest", "latest", or offsets as JSON')
    options: Options = Field({}, description=_OPTIONS)


class ReaderDocument(Document):
    """``read(...)`` and ``read_stream(...)``."""

    format: Word = Field(description='the format of the reader as text, such as "kinesis"')
    columns: Word | dict[str, Word] | None = Field(
        None, description="SQL types by column name, or the same as one text"
    )
    options: Options = Field({}, description=_OPTIONS)


class SnapshotsDocument(Document):
    """``snapshots(...)``."""

    path: Word | None = Field(None, description="a folder as text")
    format: Literal["json", "csv", "parquet", "avro", "orc", "text", "xml"] | None = Field(
        None, description='"json", "csv", "parquet", "avro", "orc", "text" or "xml"'
    )
    version: Literal["DATE", "TIMESTAMP", "BIGINT"] = Field("DATE", description='"DATE", "TIMESTAMP" or "BIGINT"')
    columns: Word | dict[str, Word] | None = Field(
        None, description="SQL types by column name, or the same as one text"
    )
    options: dict[str, str | bool | int | float] = Field(
        {}, description="a dictionary of option names and their values"
    )
    function: Word | None = Field(None, description="the name of a function as text")


class ExpectationDocument(Document):
    """``expect(...)``, ``expect_or_drop(...)`` and ``expect_or_fail(...)``."""

    name: Word = Field(description="a name as text")
    sql: Word = Field(description="a SQL condition as text")


class RelationshipDocument(Document):
    """``one_to_one(...)``, ``one_to_many(...)`` and ``many_to_one(...)``."""

    model: Word = Field(description='the id of a model as text, "layer.name"')
    on: Word | Annotated[Words, Field(min_length=1)] | Annotated[dict[Word, Word], Field(min_length=1)] = Field(
        description="a column name, a list of them, or a dictionary from the child's to the parent's"
    )
    enforce: Enforcement = Field("warn", description='"warn" or "fail"')


class DataTestDocument(Document):
    """What ``tests`` lists."""


class ModelDocument(Document):
    """The arguments of all kinds of models."""

    columns: dict[Word, Word | Annotated[ColumnDocument, CheckedBefore]] | None = Field(
        None, description="a dictionary from column names to SQL types or `column(...)`"
    )
    description: str | None = Field(None, description="text")
    tags: Word | Words = Field((), description="a word or a list of them")
    owner: Word | None = Field(None, description="a name as text")
    for_each: tuple[dict[Word, Any], ...] | Word = Field(
        (), description="a list of dictionaries of parameters, or the name of a TOML file beside the model"
    )
    name: Word | None = Field(None, description="the name of each model of `for_each` as text")


class DatasetDocument(ModelDocument):
    """The arguments of kinds that other models can read."""

    key: Word | Annotated[Words, Field(min_length=1)] | None = Field(
        None, description="a column name or a list of them"
    )
    keys: Word | tuple[Word | Annotated[Words, Field(min_length=1)], ...] = Field(
        (), description="a list of further keys, each a column name or a list of them"
    )
    relationships: tuple[tuple[str, Annotated[RelationshipDocument, CheckedBefore]], ...] = Field(
        (), description="a list of `one_to_one`, `one_to_many` and `many_to_one`"
    )
    expectations: tuple[tuple[str, Annotated[ExpectationDocument, CheckedBefore]], ...] = Field(
        (), description="a list of `expect`, `expect_or_drop` and `expect_or_fail`"
    )
    tests: tuple[tuple[str, Annotated[DataTestDocument, CheckedBefore]], ...] = Field(
        (), description="a list of `accepted_values`, `not_null`, `row_count`, `freshness` and `no_rows`"
    )
    properties: dict[Word, str] = Field({}, description="a dictionary of texts")
    cluster_by: Word | Words = Field((), description="a column name or a list of them")
    quarantine: bool = Field(False, description="True or False")
    enforce: Enforcement = Field("warn", description='"warn" or "fail"')


class TableDocument(DatasetDocument):
    """The arguments of kinds that have a table."""

    partition_cols: Word | Words = Field((), description="a column name or a list of them")
    row_filter: Word | None = Field(None, description="a function and its columns as text")
    spark_conf: dict[Word, str | bool | int | float] = Field(
        {}, description="a dictionary of settings and their values"
    )
    private: bool = Field(False, description="True or False")
    table_tags: dict[Word, str] = Field({}, description="a dictionary of texts")


class StreamingTableDocument(TableDocument):
    """``streaming_table(...)``."""

    replace_using: Word | Words = Field((), description="a column name or a list of them")
    sequence_by: Word | None = Field(None, description="a column name")


class MaterializedViewDocument(TableDocument):
    """``materialized_view(...)``."""

    refresh_policy: Literal["auto", "incremental", "incremental_strict", "full"] | None = Field(
        None, description='"auto", "incremental", "incremental_strict" or "full"'
    )


class AutoCdcDocument(TableDocument):
    """``auto_cdc(...)``."""

    key: Word | Annotated[Words, Field(min_length=1)] = Field(description="a column name or a list of them")
    sequence_by: Word | Annotated[Words, Field(min_length=1)] = Field(description="a column name or a list of them")
    scd_type: int = Field(1, ge=1, le=2, description="1 or 2")
    apply_as_deletes: Word | None = Field(None, description="a SQL condition as text")
    apply_as_truncates: Word | None = Field(None, description="a SQL condition as text")
    ignore_null_updates: bool | Words = Field(False, description="True, False or a list of column names")
    except_columns: Word | Words = Field((), description="a column name or a list of them")
    track_history: Word | Words | dict[Literal["except"], Words] | None = Field(
        None, description='a list of column names, or {"except": [...]}'
    )


class AutoCdcFromSnapshotDocument(TableDocument):
    """``auto_cdc_from_snapshot(...)``."""

    key: Word | Annotated[Words, Field(min_length=1)] = Field(description="a column name or a list of them")
    scd_type: int = Field(1, ge=1, le=2, description="1 or 2")
    track_history: Word | Words | dict[Literal["except"], Words] | None = Field(
        None, description='a list of column names, or {"except": [...]}'
    )


DOCUMENTS: Mapping[str, type[Document]] = {
    "streaming_table": StreamingTableDocument,
    "materialized_view": MaterializedViewDocument,
    "view": DatasetDocument,
    "auto_cdc": AutoCdcDocument,
    "auto_cdc_from_snapshot": AutoCdcFromSnapshotDocument,
    "ref": ModelInputDocument,
    "stream": ModelInputDocument,
    "source": TableInputDocument,
    "stream_source": TableInputDocument,
    "auto_loader": AutoLoaderDocument,
    "kafka": KafkaDocument,
    "read": ReaderDocument,
    "read_stream": ReaderDocument,
    "snapshots": SnapshotsDocument,
    "expect": ExpectationDocument,
    "expect_or_drop": ExpectationDocument,
    "expect_or_fail": ExpectationDocument,
    "one_to_one": RelationshipDocument,
    "one_to_many": RelationshipDocument,
    "many_to_one": RelationshipDocument,
    "column": ColumnDocument,
}
"""The documents of words; `rare_documents.py` has those that few projects need."""
