"""Replaces rows of a materialized view: the files that have some of them are written again, the others are linked.

The files are a new version of the table, which its commit publishes. So readers of the version before see that one.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cbx.runtime.tables.schema import read_struct
from cbx.runtime.tables.store import link_file
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cbx.runtime.definitions import DatasetExpectation
    from cbx.runtime.flow_context import FlowContext
    from cbx.runtime.flows.batch.changed_groups import ChangedGroups
    from cbx.runtime.results import Counts
    from cbx.runtime.tables.store import TableFolder, TableState

_MOST_FILES: Final = 32
"""About how many files a table has that are not of a single update."""
_TOO_MANY_FILES: Final = 48
"""From more files on, small ones are written together."""
_TINY_FILE: Final = 1 << 20
_SMALL_FILE: Final = 4 << 20
"""The size in bytes that a file has at least, if the table is large."""


def rewrite_files(
    context: FlowContext,
    groups: ChangedGroups,
    rules: Sequence[DatasetExpectation],
    table: TableState,
    files: frozenset[Path],
) -> tuple[Counts, TableState]:
    """Write a version of a table in which groups have other rows, without committing.

    Args:
        context: The flow.
        groups: The groups.
        rules: The rules of the table.
        table: The table before.
        files: The files that have rows of the groups; others may be written again, too.

    Returns:
        The counts of the new rows of the groups, and the table, to be committed.

    Raises:
        ExpectationFailedError: If rows violate an expectation that fails the update.
    """
    number, folder = context.update, context.folder
    after = replace(table, number=number, progress=number, version=f"v{number}", generation=number)
    sizes = {file: file.stat().st_size for file in folder.row_files(table)}
    written = choose_files(sizes, files)
    size = sum(sizes[file] for file in written)
    parts = math.ceil(size / max(_SMALL_FILE, sum(sizes.values()) / _MOST_FILES))
    reader = groups.rows.sparkSession.read.schema(read_struct(table.schema))
    others = groups.keep(reader.parquet(*map(str, sorted(written))))
    names = map(quote, groups.columns)
    others = others.repartitionByRange(parts, *names) if parts > 1 and groups.columns else others.coalesce(parts)
    place = folder.rows(after.version) / f"rows-{number:06d}"
    counts = context.engine.write_and_check(groups.rows, rules, place, folder.name.written, others)
    _link_others(folder, table, after, written)
    return counts, after


def choose_files(sizes: Mapping[Path, int], files: frozenset[Path], most: int = _TOO_MANY_FILES) -> frozenset[Path]:
    """The files to write again: those that must be, and of too many others the small ones.

    Args:
        sizes: The size in bytes of each file of a table.
        files: The files that have rows that are replaced.
        most: How many others are not too many.
    """
    others = sorted(sizes.keys() - files, key=lambda file: (sizes[file], file))
    chosen, size = set(files), sum(sizes[file] for file in files)
    for file in others if len(others) > most else ():
        if chosen and sizes[file] > 2 * size + _TINY_FILE:
            break
        chosen.add(file)
        size += sizes[file]
    return frozenset(chosen)


def _link_others(folder: TableFolder, before: TableState, after: TableState, files: frozenset[Path]) -> None:
    """Link the files of a version into the next one, but those that were written again."""
    old, new = folder.rows(before.version), folder.rows(after.version)
    for file in folder.row_files(before):
        if file not in files:
            target = new / file.relative_to(old)
            target.parent.mkdir(parents=True, exist_ok=True)
            link_file(file, target)
