"""The rows that a test gives to a model, as frames with the columns and types that the model's inputs have."""

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
from cbx.testing.errors import ModelTestError
from cbx.testing.rows.row_literals import WrittenRows, read_rows
from cbx.testing.rows.typed_values import type_of, typed

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from cbx.testing.project.compiled_project import CompiledModel, ModelInput

METADATA = "_metadata"
_RESCUED = "_rescued_data"
_METADATA_TYPE = (
    f"`{METADATA}` STRUCT<file_path: STRING, file_name: STRING, file_size: BIGINT, file_block_start: BIGINT, "
    "file_block_length: BIGINT, file_modification_time: TIMESTAMP>"
)

Batches = tuple[DataFrame, ...]
"""The rows of an input, in the order in which they come; most have one batch."""


def given_batches(
    models: Sequence[CompiledModel], given: Mapping[str, Any], made: Iterable[str], spark: SparkSession
) -> dict[str, Batches]:
    """The rows of every input of some models; an input without rows is an empty table.

    Args:
        models: The models that will run.
        given: Rows by model id, parameter, table or folder.
        made: The models among their inputs whose rows will be made and not given.
        spark: The session.

    Returns:
        Frames by the name under which a notebook reads an input.

    Raises:
        ModelTestError: If rows are given to what no model reads, or do not fit.
    """
    inputs = [(one, model) for model in models for one in model.inputs if one.name not in set(made)]
    found: dict[str, Batches] = {}
    used = set()
    for one, model in inputs:
        names = [name for name in given if name in _names(one)]
        used.update(names)
        if len(names) > 1:
            raise ModelTestError(f"`{one.name}` is given twice, as {listing(names)}", "give it once")
        rows = given[names[0]] if names else []
        name = names[0] if names else one.name
        found[one.table.lower()] = _batches(rows, one, f'given["{name}"]', model, spark)
    for name in given:
        if name not in used:
            raise ModelTestError(*_unknown_input(name, models, [one for one, _ in inputs], made))
    return found


def _names(one: ModelInput) -> set[str]:
    """What a test may call an input."""
    names = {one.name, one.table, *([one.parameter] if one.parameter else [])}
    if one.kind == "files":
        names |= {one.table.rstrip("/").rpartition("/")[2]}
    return names


def _unknown_input(
    name: str, models: Sequence[CompiledModel], inputs: Sequence[ModelInput], made: Iterable[str]
) -> tuple[str, str]:
    who = f"`{models[0].id}` does not read" if len(models) == 1 else "none of the models reads"
    if name in set(made):
        return f"`{name}` is given, and it is one of the models that are run", "leave one of the two out"
    known = {spelling for one in inputs for spelling in _names(one)}
    reads = f"it reads {listing(one.name for one in inputs)}" if inputs else "it reads nothing"
    return f'given["{name}"]: {who} `{name}`', did_you_mean(name, known, otherwise=reads)


def _batches(rows: Any, one: ModelInput, what: str, model: CompiledModel, spark: SparkSession) -> Batches:
    is_batched = isinstance(rows, list) and rows and all(isinstance(batch, list | str | DataFrame) for batch in rows)
    pairs = [(batch, f"{what}[{index}]") for index, batch in enumerate(rows)] if is_batched else [(rows, what)]
    schema = known_columns(one, with_metadata=METADATA in model.notebook)
    read = [batch if isinstance(batch, DataFrame) else read_rows(batch, where) for batch, where in pairs]
    fields = _fields(schema, [batch for batch in read if isinstance(batch, WrittenRows)], one)
    return tuple(
        _frame(batch, fields, one, spark) if isinstance(batch, WrittenRows) else _fitted(batch, schema, one, what)
        for batch in read
    )


def known_columns(one: ModelInput, *, with_metadata: bool = False) -> StructType | None:
    """The columns that are known of an input, None if none are; one whose type is not known has no type.

    Args:
        one: The input.
        with_metadata: Whether files have the column that tells of them.
    """
    if one.kind == "files":
        hinted = apply_hints(StructType([]), parse_hints(one.options.get("cloudfiles.schemahints", "")))
        fields = list(hinted)
        rescued = one.options.get("cloudfiles.rescueddatacolumn", _RESCUED)
        if rescued not in hinted.fieldNames():
            fields += parsed(f"`{rescued}` STRING")
        return StructType([*fields, *(parsed(_METADATA_TYPE) if with_metadata else ())])
    if one.columns is None:
        return None
    known = (
        parsed(", ".join(f"`{name}` {kind or 'VOID'}" for name, kind in one.columns)) if one.columns else StructType()
    )
    return StructType([StructField(field.name, field.dataType) for field in known])


@lru_cache(maxsize=4096)
def parsed(ddl: str) -> StructType:
    """Columns from their DDL text."""
    columns = StructType.fromDDL(ddl)
    return columns if isinstance(columns, StructType) else StructType()


def parsed_type(kind: str) -> Any:
    """A type from its SQL text."""
    return parsed(f"it {kind}")[0].dataType


def _fields(schema: StructType | None, batches: Sequence[WrittenRows], one: ModelInput) -> StructType:
    """The columns that are known of an input and those that its rows bring; types that nothing says the values tell."""
    fields = {field.name.lower(): field for field in schema or ()}
    named: dict[str, str] = {}
    for batch in batches:
        named.update({name.lower(): kind for name, kind in batch.types.items()})
        for name in batch.columns:
            if name.lower() not in fields:
                _refuse_unknown(name, list(fields.values()), one, batch.what)
                fields[name.lower()] = StructField(name, NullType())
    found = []
    for key, field in fields.items():
        kind = parsed_type(named[key]) if key in named else field.dataType
        if isinstance(kind, NullType):
            kind = type_of([value for batch in batches for value in batch.values_of(field.name)])
        found.append(StructField(field.name, kind))
    return StructType(found)


def _frame(rows: WrittenRows, fields: StructType, one: ModelInput, spark: SparkSession) -> DataFrame:
    columns = []
    for field in fields:
        values = rows.values_of(field.name)
        if field.name == METADATA:
            values = [_metadata(value, one) for value in values]
        columns.append(
            [
                typed(value, field.dataType, f"{rows.what}, row {row}, {field.name}")
                for row, value in enumerate(values, 1)
            ]
        )
    return to_frame(fields, columns, spark)


def to_frame(schema: StructType, columns: Sequence[Sequence[Any]], spark: SparkSession) -> DataFrame:
    """A frame of columns of values that `typed` returned."""
    arrow = to_arrow_schema(schema, timezone="UTC")
    arrays = [pa.array(values, type=field.type) for values, field in zip(columns, arrow, strict=True)]
    return spark.createDataFrame(pa.Table.from_arrays(arrays, schema=arrow), schema=schema)


def _refuse_unknown(name: str, known: Sequence[StructField], one: ModelInput, what: str) -> None:
    """A column that an input does not have is an error; files may bring any, but not one that is nearly right."""
    names = [field.name for field in known if field.name != METADATA]
    near = did_you_mean(name, names)
    if (one.columns is not None) or (one.kind == "files" and near is not None):
        raise ModelTestError(f"{what}: `{one.name}` has no column `{name}`", near or f"it has {listing(names)}")


def _metadata(value: Any, one: ModelInput) -> dict[str, Any]:
    """What files say of themselves: a made-up file of the input's folder, unless a row says otherwise."""
    file_name = f"given.{one.options.get('format', 'json')}"
    path = {"file_path": f"{one.table}/{file_name}", "file_name": file_name}
    return {**path, **(value or {})}


def _fitted(rows: DataFrame, schema: StructType | None, one: ModelInput, what: str) -> DataFrame:
    """A frame of the test's own with the input's columns: those that it lacks are NULL."""
    if schema is None:
        return rows
    from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

    own = {name.lower(): name for name in rows.columns}
    known = {field.name.lower() for field in schema}
    for name in rows.columns:
        if name.lower() not in known:
            _refuse_unknown(name, list(schema), one, what)
    columns = []
    for field in schema:
        value = F.col(f"`{own[field.name.lower()]}`") if field.name.lower() in own else F.lit(None)
        columns.append(
            value.alias(field.name)
            if isinstance(field.dataType, NullType)
            else value.cast(field.dataType).alias(field.name)
        )
    extra = [F.col(f"`{name}`") for name in rows.columns if name.lower() not in known]
    return rows.select(*columns, *extra)
