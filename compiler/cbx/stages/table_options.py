"""The options of a table that do not change what its query computes."""

from __future__ import annotations

from typing import NamedTuple


class TableOptions(NamedTuple):
    """How the platform stores, refreshes and shows a table.

    Attributes:
        cluster_by_auto: Whether Databricks chooses the columns for clustering.
        partition_cols: The columns by whose values the files are divided.
        row_filter: The function that decides who sees a row, with its columns, as in the ROW FILTER clause.
        spark_conf: Spark settings while the table is made.
        private: Whether the table is not published.
        refresh_policy: How a materialized view is recomputed; None for the platform's default.
        table_tags: Its tags in Unity Catalog.
        replace_using: The columns of a streaming table by whose values new rows replace old ones; empty if they are
            appended.
        sequence_by: The column that says which rows of such values are the newest.
    """

    cluster_by_auto: bool = False
    partition_cols: tuple[str, ...] = ()
    row_filter: str | None = None
    spark_conf: tuple[tuple[str, str], ...] = ()
    private: bool = False
    refresh_policy: str | None = None
    table_tags: tuple[tuple[str, str], ...] = ()
    replace_using: tuple[str, ...] = ()
    sequence_by: str | None = None
