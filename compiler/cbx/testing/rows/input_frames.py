"""The rows of a model's inputs as DataFrames, with the columns and types of the inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import NullType, StructField, StructType

from cbx.diagnostics.diagnostic import did_you_mean, listing
from cbx.runtime.auto_loader.schemas import apply_hints, parse_hints
from cbx.runtime.tables.arrow_structs import clear_null_structs
from cbx.testing.errors import ModelTestError
from cbx.testing.rows.row_literals import UntypedRows, read_rows
from cbx.testing.rows.typed_values import convert_value, infer_type

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from cbx.testing.project.compiled_project import CompiledInput, CompiledModel

METADATA = "_metadata"
_RESCUED = "_rescued_data"
_METADATA_TYPE = (
    f"`{METADATA}` STRUCT<file_path: STRING, file_name: STRING, file_size: BIGINT, file_block_start: BIGINT, "
    "file_block_length: BIGINT, file_modification_time: TIMESTAMP>"
)

Batches = tuple[DataFrame, ...]
"""The rows of an input, in batches in the order of their arrival; most inputs have one."""


def given_batches(
    models: Sequence[CompiledModel], given: Mapping[str, Any], computed: Iterable[str], spark: SparkSession
) -> dict[str, Batches]:
    """The rows of every input of some models; an input without rows is an empty table.

    Args:
        models: The models that will run.
        given: Rows by model id, parameter, table or folder.
        computed: The models whose rows will be computed, and are not given.
        spark: The session.

    Returns:
        DataFrames by the name under which a notebook reads an input, in lower case.

    Raises:
        ModelTestError: If rows are given for what no model reads, or do not fit.
    """
    inputs = [(read, model) for model in models for read in model.inputs if read.name not in set(computed)]
    batches: dict[str, Batches] = {}
    used = set()
    for read, model in inputs:
        names = [name for name in given if name in _input_names(read)]
        used.update(names)
        if len(names) > 1:
            raise ModelTestError(f"`{read.name}` is given twice, as {listing(names)}", "give it once")
        rows = given[names[0]] if names else []
        name = names[0] if names else read.name
        batches[read.table.lower()] = _create_batches(rows, read, f'given["{name}"]', model, spark)
    for name in given:
        if name not in used:
            raise ModelTestError(*_unknown_input(name, models, [read for read, _ in inputs], computed))
    return batches


def omitted_inputs(models: Sequence[CompiledModel], given: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the models that some models read, without themselves and those whose rows are given."""
    read = [source for model in models for source in model.inputs if source.kind == "model"]
    omitted = [source.name for source in read if not _input_names(source) & given.keys()]
    return tuple(name for name in dict.fromkeys(omitted) if name not in {model.id for model in models})


def _input_names(read: CompiledInput) -> set[str]:
    """The names that a test may use for an input."""
    names = {read.name, read.table, *([read.parameter] if read.parameter else [])}
    if read.kind == "files":
        names |= {read.table.rstrip("/").rpartition("/")[2]}
    return names


def _unknown_input(
    name: str, models: Sequence[CompiledModel], inputs: Sequence[CompiledInput], computed: Iterable[str]
) -> tuple[str, str]:
    """The reason and the hint for rows that are given for no input."""
    who = f"`{models[0].id}` does not read" if len(models) == 1 else "none of the models reads"
    if name in set(computed):
        return f"`{name}` is in `given`, and it is one of the models to run", "remove it from one of the two"
    names = {name for read in inputs for name in _input_names(read)}
    reads = f"it reads {listing(read.name for read in inputs)}" if inputs else "it reads nothing"
    return f'given["{name}"]: {who} `{name}`', did_you_mean(name, names, otherwise=reads)


def _create_batches(rows: Any, read: CompiledInput, what: str, model: CompiledModel, spark: SparkSession) -> Batches:
    is_batched = isinstance(rows, list) and rows and all(isinstance(batch, list | str | DataFrame) for batch in rows)
    pairs = [(batch, f"{what}[{index}]") for index, batch in enumerate(rows)] if is_batched else [(rows, what)]
    schema = input_columns(read, with_metadata=METADATA in model.notebook)
    batches = [batch if isinstance(batch, DataFrame) else read_rows(batch, place) for batch, place in pairs]
    fields = _merge_fields(schema, [batch for batch in batches if isinstance(batch, UntypedRows)], read)
    return tuple(
        _convert_rows(batch, fields, read, spark)
        if isinstance(batch, UntypedRows)
        else _fit_frame(batch, schema, read, what)
        for batch in batches
    )


def input_columns(read: CompiledInput, *, with_metadata: bool = False) -> StructType | None:
    """The columns that are known of an input, None if none are; a column of unknown type has the type VOID.

    Args:
        read: The input.
        with_metadata: Whether files have the column ``_metadata``.
    """
    if read.kind == "files":
        hinted = apply_hints(StructType([]), parse_hints(read.options.get("cloudfiles.schemahints", "")))
        fields = list(hinted)
        rescued = read.options.get("cloudfiles.rescueddatacolumn", _RESCUED)
        if rescued and rescued not in hinted.fieldNames():
            fields += parse_columns(f"`{rescued}` STRING")
        return StructType([*fields, *(parse_columns(_METADATA_TYPE) if with_metadata else ())])
    if read.options.get("schema"):
        return parse_columns(read.options["schema"])
    if read.columns is None:
        return None
    ddl = ", ".join(f"`{name}` {kind or 'VOID'}" for name, kind in read.columns)
    columns = parse_columns(ddl) if read.columns else StructType()
    return StructType([StructField(field.name, field.dataType) for field in columns])


@lru_cache(maxsize=4096)
def parse_columns(ddl: str) -> StructType:
    """Columns from their DDL text."""
    columns = StructType.fromDDL(ddl)
    return columns if isinstance(columns, StructType) else StructType()


def parse_type(kind: str) -> Any:
    """A type from its SQL text."""
    return parse_columns(f"it {kind}")[0].dataType


def _merge_fields(schema: StructType | None, batches: Sequence[UntypedRows], read: CompiledInput) -> StructType:
    """The known columns of an input and those of its rows; unknown types are inferred from the values."""
    fields = {field.name.lower(): field for field in schema or ()}
    header_types: dict[str, str] = {}
    for batch in batches:
        header_types.update({name.lower(): kind for name, kind in batch.types.items()})
        for name in batch.columns:
            if name.lower() not in fields:
                _refuse_unknown(name, list(fields.values()), read, batch.what)
                fields[name.lower()] = StructField(name, NullType())
    columns = []
    for key, field in fields.items():
        kind = parse_type(header_types[key]) if key in header_types else field.dataType
        if isinstance(kind, NullType):
            kind = infer_type([value for batch in batches for value in batch.values_of(field.name)])
        columns.append(StructField(field.name, kind))
    return StructType(columns)


def _convert_rows(rows: UntypedRows, fields: StructType, read: CompiledInput, spark: SparkSession) -> DataFrame:
    columns = []
    for field in fields:
        values = rows.values_of(field.name)
        if field.name == METADATA:
            values = [_metadata(value, read) for value in values]
        columns.append(
            [
                convert_value(value, field.dataType, f"{rows.what}, row {row}, {field.name}")
                for row, value in enumerate(values, 1)
            ]
        )
    return create_frame(fields, columns, spark)


def create_frame(schema: StructType, columns: Sequence[Sequence[Any]], spark: SparkSession) -> DataFrame:
    """A DataFrame of columns of values that `convert_value` returned."""
    arrow = to_arrow_schema(schema, timezone="UTC")
    arrays = [pa.array(values, type=field.type) for values, field in zip(columns, arrow, strict=True)]
    return spark.createDataFrame(clear_null_structs(pa.Table.from_arrays(arrays, schema=arrow)), schema=schema)


def _refuse_unknown(name: str, fields: Sequence[StructField], read: CompiledInput, what: str) -> None:
    """Refuse a column that an input does not have; files may have any new column whose name is not a likely typo.

    Raises:
        ModelTestError: If the column is refused.
    """
    names = [field.name for field in fields if field.name != METADATA]
    near = did_you_mean(name, names)
    if (read.columns is not None) or (read.kind == "files" and near is not None):
        raise ModelTestError(f"{what}: `{read.name}` has no column `{name}`", near or f"it has {listing(names)}")


def _metadata(value: Any, read: CompiledInput) -> dict[str, Any]:
    """The value of ``_metadata``: that of an invented file in the input's folder, overridden by the row's own."""
    file_name = f"given.{read.options.get('format', 'json')}"
    path = {"file_path": f"{read.table}/{file_name}", "file_name": file_name}
    return {**path, **(value or {})}


def _fit_frame(rows: DataFrame, schema: StructType | None, read: CompiledInput, what: str) -> DataFrame:
    """The DataFrame of a test with the columns and types of the input; missing columns are NULL."""
    if schema is None:
        return rows
    from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

    names = {name.lower(): name for name in rows.columns}
    input_names = {field.name.lower() for field in schema}
    for name in rows.columns:
        if name.lower() not in input_names:
            _refuse_unknown(name, list(schema), read, what)
    columns = []
    for field in schema:
        value = F.col(f"`{names[field.name.lower()]}`") if field.name.lower() in names else F.lit(None)
        columns.append(
            value.alias(field.name)
            if isinstance(field.dataType, NullType)
            else value.cast(field.dataType).alias(field.name)
        )
    extra = [F.col(f"`{name}`") for name in rows.columns if name.lower() not in input_names]
    return rows.select(*columns, *extra)
