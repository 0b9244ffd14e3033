"""The rescued data of JSON records that were parsed without Spark.

``auto_loader/readers/rescue.py`` has the same rules as expressions of Spark on the texts of records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql.types import ArrayType, DataType, MapType, StringType, StructType

from cbx.runtime.auto_loader.readers.rescue import FILE_KEY, MALFORMED_KEY
from cbx.runtime.auto_loader.schemas import complete_columns, covers, find
from cbx.runtime.landing_files.errors import MisfitError, NeedsSparkError
from cbx.runtime.landing_files.json.json_values import PartialError, as_variant, make_converter, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Rescuer:
    """Finds the parts of records that do not fit their columns.

    Attributes:
        columns: The columns, with their types.
        seen: The field names in the files.
        whole: The columns that have a place for every field name in the files.
        is_rescuing_new: Whether a field without a column is rescued, in a record whose values all fit.
    """

    columns: StructType
    seen: StructType
    whole: frozenset[str]
    is_rescuing_new: bool

    def rescue(self, fields: Mapping[str, Any], row: Mapping[str, Any], uri: str, *, is_whole: bool) -> str | None:
        """The rescued data of a record.

        Args:
            fields: The fields of the record.
            row: The values of its columns.
            uri: Its file.
            is_whole: Whether all values fit their columns.

        Returns:
            None if the columns hold everything.

        Raises:
            NeedsSparkError: It is not certain how Spark writes the rescued data.
        """
        if is_whole and (not self.is_rescuing_new or fields.keys() <= self.whole):
            return None
        rest = {name: value for name, value in fields.items() if not is_whole or name not in self.whole}
        misfits = _misfits(rest, row, self.columns, self.seen, is_rejected=not is_whole)
        return write_rescued({name: as_variant(value) for name, value in misfits.items()}, uri)


def make_rescuer(columns: StructType, seen: StructType, *, is_rescuing_new: bool) -> Rescuer:
    """The rescuer of the records of some files."""
    return Rescuer(columns, seen, frozenset(complete_columns(columns, seen)), is_rescuing_new)


def write_rescued(misfits: Mapping[str, Any], uri: str) -> str | None:
    """The rescued data of the fields of a record that do not fit; None if all do.

    Raises:
        NeedsSparkError: It is not certain how Spark writes the rescued data.
    """
    if FILE_KEY in misfits:
        raise NeedsSparkError(f"a rescued field has the name {FILE_KEY}")
    return write_json({**misfits, FILE_KEY: uri}) if misfits else None


def write_malformed(text: str, uri: str) -> str:
    """The rescued data of a malformed record: its whole text."""
    return write_json({MALFORMED_KEY: text, FILE_KEY: uri})


def _misfits(
    fields: Mapping[str, Any],
    parsed: Mapping[str, Any] | None,
    schema: StructType,
    seen: StructType,
    *,
    is_rejected: bool,
) -> dict[str, Any]:
    """The fields, or their parts, that have no column."""
    kinds = {field.name: field.dataType for field in schema.fields}
    misfits = {}
    for name, value in fields.items():
        if name not in kinds:
            misfits[name] = value
            continue
        field = find(seen, name, is_case_sensitive=True)
        part = None if parsed is None else parsed[name]
        found = _misfit(value, part, kinds[name], field.dataType if field else kinds[name], is_rejected=is_rejected)
        if found is not None:
            misfits[name] = found
    return misfits


def _misfit(value: Any, parsed: Any, kind: DataType, seen: DataType, *, is_rejected: bool) -> Any:
    """The part of a value that its type does not have; None if there is none."""
    if value is None:
        return None
    if isinstance(kind, StructType):
        if not isinstance(value, dict):
            return value
        below = seen if isinstance(seen, StructType) else kind
        return _misfits(value, parsed, kind, below, is_rejected=is_rejected) or None
    if parsed is None:
        return value
    if isinstance(kind, (ArrayType, MapType)):
        is_misfit = (is_rejected and not _accepts(as_variant(value), kind)) or (
            not covers(kind, seen) and _has_unknown(value, kind)
        )
        return value if is_misfit else None
    return None


def _accepts(value: Any, kind: DataType) -> bool:
    """Whether Spark's parser finds no value of another type anywhere inside."""
    if value is None or isinstance(kind, StringType):
        return True
    if isinstance(kind, StructType):
        fields = {field.name: field.dataType for field in kind.fields}
        return isinstance(value, dict) and all(
            _accepts(part, fields[name]) for name, part in value.items() if name in fields
        )
    if isinstance(kind, ArrayType):
        return isinstance(value, list) and all(_accepts(part, kind.elementType) for part in value)
    if isinstance(kind, MapType):
        return isinstance(value, dict) and all(_accepts(part, kind.valueType) for part in value.values())
    try:
        make_converter(kind, is_exact=True)(value)
    except (MisfitError, PartialError):
        return False
    return True


def _has_unknown(value: Any, kind: DataType) -> bool:
    """Whether a field name occurs anywhere inside that the type does not have."""
    if isinstance(kind, ArrayType):
        return isinstance(value, list) and any(_has_unknown(part, kind.elementType) for part in value)
    if isinstance(kind, MapType):
        return isinstance(value, dict) and any(_has_unknown(part, kind.valueType) for part in value.values())
    if isinstance(kind, StructType) and isinstance(value, dict):
        fields = {field.name: field.dataType for field in kind.fields}
        return any(name not in fields or _has_unknown(part, fields[name]) for name, part in value.items())
    return False
