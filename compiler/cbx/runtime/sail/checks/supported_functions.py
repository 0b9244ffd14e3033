"""The functions whose results on Sail are those of Spark, with the types of their arguments that are common."""

from __future__ import annotations

from typing import Final


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


FUNCTIONS: Final = words("""
    abs add_months array array_append array_compact array_distinct array_join array_max array_min
    array_size array_sort ascii base64 cast ceil ceiling coalesce concat concat_ws contains crc32
    current_date current_timestamp date_add date_format date_sub date_trunc day dayofmonth dayofweek
    dayofyear endswith exists explode filter flatten floor forall get greatest hour if instr
    isnotnull isnull last_day least left length locate lower lpad ltrim map map_keys md5 minute
    month months_between named_struct next_day nullif pmod posexplode position power quarter
    regexp_extract regexp_replace repeat replace reverse right round rpad rtrim second sha1 sha2
    sign size slice sort_array split split_part sqrt startswith struct substr substring to_date
    transform translate trim trunc try_cast try_element_at upper weekofyear xxhash64 year
    get_json_object col lit expr extract
""")
"""Functions of one row."""

AGGREGATES: Final = words("""
    any_value avg bool_and bool_or collect_list collect_set count count_if dense_rank every first
    first_value lag last last_value lead max max_by mean min min_by ntile percent_rank rank
    row_number some std stddev stddev_samp sum var_samp variance
""")
"""Functions of several rows."""
