"""The functions whose results on Sail are those of Spark, with the types of their arguments that are common."""

from __future__ import annotations

from typing import Final


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


FUNCTIONS: Final = words("""
    abs array array_compact array_contains array_size cast coalesce concat concat_ws current_date
    current_timestamp date date_add date_format date_sub datediff day dayofmonth explode exists
    filter get_json_object hour if ifnull initcap isnotnull isnull length lower lpad ltrim minute
    month named_struct nullif posexplode regexp_replace replace rpad rtrim second size split struct
    substr substring to_date transform trim try_cast upper year
""")
"""Functions of one row."""

AGGREGATES: Final = words("""
    any_value avg bool_and bool_or collect_list collect_set count count_if dense_rank first
    first_value lag last last_value lead max max_by min min_by rank row_number sum
""")
"""Functions of several rows."""
