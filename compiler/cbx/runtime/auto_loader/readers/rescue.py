"""The rescued data column: the parts of a record that do not fit its columns, as one JSON object.

Databricks' readers rescue while they parse; Spark's do not. Spark keeps the text of every record that did not
fit, and the rescued values are taken from that text
(https://docs.databricks.com/aws/en/ingestion/cloud-object-storage/auto-loader/schema#what-is-the-rescued-data-column).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyspark.sql import functions as F  # noqa: N812 (Spark's own convention)
from pyspark.sql.types import ArrayType, DataType, MapType, StringType, StructField, StructType

from cbx.runtime.auto_loader.errors import ARRIVED_LATE, MALFORMED
from cbx.runtime.auto_loader.listing import is_limited_in_time, is_modified_between
from cbx.runtime.auto_loader.schemas import complete_columns, covers, find

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyspark.sql import Column, DataFrame

    from cbx.runtime.auto_loader.readers.source import LandingSource

CORRUPT: Final = "__cbx_corrupt"
MALFORMED_KEY: Final = "_corrupt_record"
FILE_KEY: Final = "_file_path"
_VARIANTS: Final = "map<string,variant>"


def file_path() -> Column:
    """The file that a row came from."""
    return F.col("_metadata.file_path")


def record_text(other: Column) -> Column:
    """The text of a record that did not fit, NULL for one that did.

    Args:
        other: Any other column of the reader. Spark refuses to read the text alone, which is what would be left
            after a selection of the rescued data only.
    """
    return F.when(F.col(CORRUPT).isNotNull(), F.element_at(F.array(F.col(CORRUPT), other.isNull().cast("string")), 1))


def is_one_of(uris: Iterable[str]) -> Column:
    """Whether the file of a row is one of these; Spark evaluates it once per file if it can."""
    texts = ["'" + uri.replace("\\", "\\\\").replace("'", "\\'") + "'" for uri in uris]
    return F.expr(f"_metadata.file_path IN ({', '.join(texts)})") if texts else F.lit(False)


def refuse_unknown_files(rows: DataFrame, source: LandingSource) -> DataFrame:
    """Fail the query at a file whose schema was not read before the stream started.

    Such a file may have a column that the stream does not read, which would be lost. A restart of the stream reads its
    schema.
    """
    late = F.raise_error(F.concat(F.lit(f"{ARRIVED_LATE} "), file_path())).cast("boolean")
    is_known = F.when(is_one_of(source.known), F.lit(True)).otherwise(late)
    if is_limited_in_time(source.options):
        # In one expression, since Spark may evaluate two filters in either order.
        is_known = F.when(~is_modified_between(source.options), F.lit(False)).otherwise(is_known)
    return rows.where(is_known)


def apply_mode(rows: DataFrame, malformed: Column, mode: str) -> DataFrame:
    """Keep, drop or fail on malformed records, depending on the `mode` of the reader.

    With a rescued data column, a mismatch of types alone neither drops a record nor fails.
    """
    if mode == "DROPMALFORMED":
        return rows.where(~F.coalesce(malformed, F.lit(False)))
    if mode == "FAILFAST":
        failure = F.raise_error(F.concat(F.lit(f"{MALFORMED} "), file_path())).cast("boolean")
        return rows.where(F.when(malformed, failure).otherwise(F.lit(True)))
    return rows


def malformed_json(raw: Column) -> Column:
    """A malformed record as JSON: its whole text."""
    return F.to_json(F.create_map(F.lit(MALFORMED_KEY), raw, F.lit(FILE_KEY), file_path()))


def is_malformed_json(raw: Column, options: Mapping[str, str]) -> Column:
    """Whether the text is not a JSON object; false for NULL."""
    return raw.isNotNull() & F.from_json(raw, _VARIANTS, options).isNull()


@dataclass(frozen=True, slots=True)
class JsonRecord:
    """One JSON record, as its text and as Spark's parser read it.

    Attributes:
        raw: The text.
        parsed: The value of a field of `schema`, by name.
        schema: The fields that were read, with their types.
        seen: The field names in the files, if they are known.
        is_rejected: Whether a value did not fit its type, or the text is no record.
        options: The options of the parser.
    """

    raw: Column
    parsed: Callable[[str], Column]
    schema: StructType
    seen: StructType
    is_rejected: Column
    options: Mapping[str, str]


def rescue_json(record: JsonRecord) -> Column:
    """The rescued data of one record.

    Returns:
        The JSON object with the values that did not fit and the file's path, or NULL if all of them did.
    """
    whole = complete_columns(record.schema, record.seen)

    def of_entries(misfits: Column) -> Column:
        origin = F.create_map(F.lit(FILE_KEY), file_path().cast("variant"))
        return F.when(F.size(misfits) > 0, F.to_json(F.map_concat(misfits, origin)))

    def of_fields(fields: Column) -> Column:
        # A field that has a place for all that the files hold can only fail by its type.
        rest = F.map_filter(fields, lambda key, _: record.is_rejected | ~key.isin(whole)) if whole else fields
        return F.transform(F.array(_misfits(rest, record.parsed, record.schema, record.seen, record)), of_entries)[0]

    return _bind(
        F.from_json(record.raw, _VARIANTS, record.options),
        lambda fields: F.when(fields.isNull(), malformed_json(record.raw)).otherwise(of_fields(fields)),
    )


def has_unknown_names(record: JsonRecord) -> Column:
    """Whether a record may have a field without a column; cheap, since no value is read."""
    whole = complete_columns(record.schema, record.seen)
    unknown = F.exists(F.json_object_keys(record.raw), lambda key: ~key.isin(whole) if whole else key.isNotNull())
    return F.coalesce(unknown, F.lit(False))


def _bind(value: Column, then: Callable[[Column], Column]) -> Column:
    """Compute a value once for all its uses: Spark binds it as the argument of a function over an array."""
    return F.transform(F.array(value), then)[0]


def _misfits(
    values: Column, parsed: Callable[[str], Column], schema: StructType, seen: StructType, record: JsonRecord
) -> Column:
    """The fields of a map, or their parts, that have no column."""

    def misfit(key: Column, value: Column) -> Column:
        rest: Column = value
        for field in reversed(schema.fields):
            seen_field = find(seen, field.name, is_case_sensitive=True)
            kind = seen_field.dataType if seen_field else field.dataType
            unfit = _misfit(value, parsed(field.name), field.dataType, kind, record)
            rest = F.when(key == field.name, unfit).otherwise(rest)
        return rest

    return F.map_filter(F.transform_values(values, misfit), lambda _, value: value.isNotNull())


def _misfit(value: Column, parsed: Column, kind: DataType, seen: DataType, record: JsonRecord) -> Column:
    """The part of a value that its type does not have, or NULL.

    A struct's misfits are found field by field; an array or a map with a misfit anywhere is rescued whole.
    """
    is_missing = ~F.is_variant_null(value) & parsed.isNull()
    if isinstance(kind, StructType):
        below = seen if isinstance(seen, StructType) else kind
        inside = F.try_variant_get(value, "$", _VARIANTS)
        entries = _misfits(inside, parsed.getField, kind, below, record)
        is_no_object = inside.isNull() & ~F.is_variant_null(value)
        return _bind(
            entries,
            lambda misfits: F.when(is_no_object, value).when(F.size(misfits) > 0, F.parse_json(F.to_json(misfits))),
        )
    if isinstance(kind, (ArrayType, MapType)):
        is_misfit = is_missing | (record.is_rejected & _is_rejected(value, kind, record.options))
        return F.when(is_misfit if covers(kind, seen) else is_misfit | _has_unknown(value, kind), value)
    return F.when(is_missing, value)


def _is_rejected(value: Column, kind: DataType, options: Mapping[str, str]) -> Column:
    """Whether Spark's parser finds a value of another type anywhere inside."""
    schema = StructType([StructField("value", kind), StructField(CORRUPT, StringType())])
    text = F.concat(F.lit('{"value":'), F.to_json(value), F.lit("}"))
    return F.from_json(text, schema, {**options, "columnNameOfCorruptRecord": CORRUPT})[CORRUPT].isNotNull()


def _has_unknown(value: Column, kind: DataType) -> Column:
    """Whether a field name occurs anywhere inside that the type does not have."""
    nothing = F.lit(False)
    if isinstance(kind, ArrayType):
        has_unknown = F.exists(
            F.try_variant_get(value, "$", "array<variant>"),
            lambda inner: _has_unknown(inner, kind.elementType),
        )
        return F.coalesce(has_unknown, nothing)
    inside = F.try_variant_get(value, "$", _VARIANTS)
    if isinstance(kind, MapType):
        has_unknown = F.exists(F.map_values(inside), lambda inner: _has_unknown(inner, kind.valueType))
        return F.coalesce(has_unknown, nothing)
    if isinstance(kind, StructType):
        names = F.array(*(F.lit(field.name) for field in kind.fields)).cast("array<string>")
        has_unknown = F.size(F.array_except(F.map_keys(inside), names)) > 0
        for field in kind.fields:
            if isinstance(field.dataType, (ArrayType, MapType, StructType)):
                has_unknown = has_unknown | _has_unknown(F.try_element_at(inside, F.lit(field.name)), field.dataType)
        return F.coalesce(has_unknown, nothing)
    return nothing
