"""Records what an update changed in a table, for streams that read its changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyspark.sql import Window
from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.exact_json import exact_json
from cbx.runtime.nested_types import fit
from cbx.runtime.tables.bucket_files import bucket_of_file
from cbx.runtime.tables.change_feed import CHANGE_TYPE, COMMIT_TIMESTAMP, COMMIT_VERSION, IS_APPEND
from cbx.runtime.tables.read_table import read_rows
from cbx.runtime.tables.schema import read_struct
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from cbx.runtime.tables.store import TableFolder, TableState

_TEXT: Final = "__cbx_text"
_SIDE: Final = "__cbx_side"
_BALANCE: Final = "__cbx_balance"
_PLACE: Final = "__cbx_place"


def record_changes(
    spark: SparkSession, folder: TableFolder, before: TableState, after: TableState, keys: Sequence[str]
) -> None:
    """Write the differences between two versions of a table, which is not committed yet.

    Args:
        spark: The session.
        folder: The folder of the table.
        before: The table before the update.
        after: The table after it.
        keys: The columns that identify a row: a row that is replaced by one with the same values is an update. None of
            them: it is a delete and an insert.
    """
    columns = read_struct(after.schema)
    rows = _differences(spark, folder, before, after, columns).persist()
    try:
        if rows.isEmpty():
            return
        is_append = rows.filter(F.col(_SIDE) < 0).isEmpty()
        changes = rows.select(
            *map(quote, columns.names),
            _change_type(keys).alias(CHANGE_TYPE),
            F.lit(after.number).cast("bigint").alias(COMMIT_VERSION),
            F.current_timestamp().alias(COMMIT_TIMESTAMP),
            F.lit(is_append).alias(IS_APPEND),
        )
        changes.write.mode("overwrite").parquet(str(folder.change(after.generation, after.number)))
    finally:
        rows.unpersist()


def _differences(
    spark: SparkSession, folder: TableFolder, before: TableState, after: TableState, columns: StructType
) -> DataFrame:
    """The rows that only one version has, as often as it has more of them: ``__cbx_side`` is 1 for the new version."""
    shared = _shared_buckets(folder, before, after) if before.schema == after.schema else frozenset()
    old = _rows(spark, folder, before, columns, shared).withColumn(_SIDE, F.lit(-1))
    new = _rows(spark, folder, after, columns, shared).withColumn(_SIDE, F.lit(1))
    same = Window.partitionBy(_TEXT)
    text = exact_json(*map(quote, columns.names))
    rows = old.unionAll(new).withColumn(_TEXT, text).withColumn(_BALANCE, F.sum(_SIDE).over(same))
    place = F.row_number().over(Window.partitionBy(_TEXT, _SIDE).orderBy(F.lit(1)))
    rows = rows.withColumn(_PLACE, place)
    return rows.filter((F.col(_SIDE) * F.col(_BALANCE) > 0) & (F.col(_PLACE) <= F.abs(_BALANCE)))


def _shared_buckets(folder: TableFolder, before: TableState, after: TableState) -> frozenset[int]:
    """The buckets whose rows are the same, since the files of one version are links to those of the other."""
    old, new = (_files_by_bucket(folder, table) for table in (before, after))
    return frozenset(number for number, files in new.items() if files == old.get(number))


def _files_by_bucket(folder: TableFolder, table: TableState) -> dict[int, set[int]]:
    """The files of each bucket, by their numbers in the file system; nothing if the table is not divided."""
    files: dict[int, set[int]] = {}
    for file in folder.row_files(table):
        number = bucket_of_file(file.name)
        if number is None:
            return {}
        files.setdefault(number, set()).add(file.stat().st_ino)
    return files


def _rows(
    spark: SparkSession, folder: TableFolder, table: TableState, columns: StructType, shared: frozenset[int]
) -> DataFrame:
    """The rows of a version, with NULL in columns and fields that it does not have yet; without some buckets."""
    others = _files_by_bucket(folder, table).keys() - shared if shared else None
    rows = read_rows(folder, table, spark, others)
    kinds = {field.name.lower(): field.dataType for field in rows.schema}
    return rows.select(
        *(
            (
                fit(F.col(quote(field.name)), kinds[field.name.lower()], field.dataType)
                if field.name.lower() in kinds
                else F.lit(None).cast(field.dataType)
            ).alias(field.name)
            for field in columns
        )
    )


def _change_type(keys: Sequence[str]) -> Column:
    """Inserts and deletes; two of them with the same key are an update."""
    is_new = F.col(_SIDE) > 0
    plain = F.when(is_new, "insert").otherwise("delete")
    if not keys:
        return plain
    same = Window.partitionBy(*(exact_json(quote(key)) for key in keys))
    is_update = (F.min(_SIDE).over(same) < 0) & (F.max(_SIDE).over(same) > 0)
    images = F.when(is_new, "update_postimage").otherwise("update_preimage")
    return F.when(is_update, images).otherwise(plain)
