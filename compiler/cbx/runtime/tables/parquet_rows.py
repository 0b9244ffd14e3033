"""Reads the rows of Parquet files with Arrow, in batches and with little memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.dataset as ds  # type: ignore[import-untyped]
import pyarrow.types as kinds  # type: ignore[import-untyped]

from cbx.runtime.tables.arrow_structs import conform, unify_schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow.compute as pc  # type: ignore[import-untyped]

_LITTLE_MEMORY: Final = {
    "batch_size": 1 << 15,
    "batch_readahead": 1,
    "fragment_readahead": 1,
    "fragment_scan_options": ds.ParquetFragmentScanOptions(pre_buffer=False, use_buffered_stream=True),
}


class ParquetRows(NamedTuple):
    """The rows of files, of which only the columns are read yet.

    Attributes:
        fragments: The files.
        schema: The columns of all of them.
        is_conformed: Whether structs have different fields in different files.
    """

    fragments: tuple[Any, ...]
    schema: pa.Schema
    is_conformed: bool = False

    def count_rows(self) -> int:
        """How many rows the files have, from their metadata."""
        return sum(fragment.count_rows() for fragment in self.fragments)

    def batches(self, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> Iterator[pa.Table]:
        """The rows. Row groups are skipped where their statistics say that the condition is false for all rows.

        Args:
            columns: Some columns; None for all.
            where: A condition; rows for which it is false may be left out.
        """
        names = self.schema.names if columns is None else columns
        for fragment in self.fragments:
            if self.is_conformed:
                for batch in fragment.to_batches(**_LITTLE_MEMORY):
                    yield conform(pa.Table.from_batches([batch]), self.schema).select(names)
            else:
                for batch in fragment.to_batches(self.schema, columns=names, filter=where, **_LITTLE_MEMORY):
                    yield pa.Table.from_batches([batch])

    def dataset(self) -> Any:
        """The rows as a dataset of Arrow, whose files are read later, or as a table if that is not possible."""
        if not self.fragments:
            return self.schema.empty_table()
        if self.is_conformed:
            return pa.concat_tables([conform(fragment.to_table(), self.schema) for fragment in self.fragments])
        first = self.fragments[0]
        return ds.FileSystemDataset(self.fragments, self.schema, first.format, first.filesystem)


def open_parquet(files: Sequence[Path]) -> ParquetRows:
    """The rows of files, which may have different columns and different fields in structs.

    Raises:
        FileNotFoundError: If a file has been removed.
    """
    dataset = ds.dataset([str(file) for file in files], format="parquet")
    fragments = tuple(dataset.get_fragments())
    schemas = [fragment.physical_schema for fragment in fragments]
    has_structs = any(kinds.is_nested(field.type) for schema in schemas for field in schema)
    if has_structs and any(schema != schemas[0] for schema in schemas):
        return ParquetRows(fragments, unify_schemas(schemas), is_conformed=True)
    return ParquetRows(fragments, pa.unify_schemas([dataset.schema, *schemas], promote_options="permissive"))
