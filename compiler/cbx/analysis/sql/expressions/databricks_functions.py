"""Lists the functions of Databricks SQL by name, and finds calls of unknown functions.

The list has the functions of Spark 4.2 (``SHOW FUNCTIONS``), those of its grammar, and those of the Databricks SQL
reference. `tests/runtime/test_mistakes_of_spark.py` compares it with Spark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlglot import exp

from cbx.analysis.relation.places import QuerySpan
from cbx.analysis.relation.query_mistakes import QueryMistake
from cbx.syntax.text import PLACEHOLDER

FAMILIES = (
    "ai_", "approx_", "bitmap_", "h3_", "hll_", "ip_", "kll_", "st_", "theta_", "try_ip_", "tuple_", "vector_", "xpath",
)  # fmt: skip
"""Prefixes of function families that Databricks keeps extending; no function with one of them is reported."""

_NAMES = (
    "abs acos acosh add_months aes_decrypt aes_encrypt agg aggregate all and any any_value array array_agg "
    "array_append array_compact array_contains array_distinct array_except array_insert array_intersect array_join "
    "array_max array_min array_position array_prepend array_remove array_repeat array_size array_sort array_union "
    "arrays_overlap arrays_zip ascii asin asinh assert_true atan atan2 atanh avg base64 between bigint bin binary "
    "bit_and bit_count bit_get bit_length bit_or bit_reverse bit_xor bool_and bool_or boolean bround btrim "
    "cardinality case cast cbrt ceil ceiling char char_length character_length charindex chr classifier "
    "cloud_files cloud_files_state coalesce collate collation collations collect_list collect_set concat concat_ws "
    "contains conv convert_timezone corr cos cosh cot count count_if count_min_sketch covar_pop covar_samp crc32 "
    "csc cube cume_dist curdate current_catalog current_database current_date current_metastore current_path "
    "current_recipient current_schema current_time current_timestamp current_timezone current_user current_version "
    "date date_add date_diff date_format date_from_unix_date date_part date_sub date_trunc dateadd datediff "
    "datepart day dayname dayofmonth dayofweek dayofyear decimal decode degrees dense_rank div double e element_at "
    "elt encode endswith equal_null event_log every exists exp explode explode_outer expm1 extract factorial "
    "filter find_in_set first first_value flatten float floor forall format_number format_string from_avro "
    "from_csv from_json from_protobuf from_unixtime from_utc_timestamp from_xml get get_json_object getbit getdate "
    "greatest grouping grouping_id hash hex histogram_numeric hour http_request hypot identifier if iff ifnull "
    "ilike in initcap inline inline_outer input_file_block_length input_file_block_start input_file_name instr int "
    "interval is_account_group_member is_member is_valid_utf8 is_valid_variant is_variant_null isnan isnotnull "
    "isnull java_method json_array_length json_object_keys json_tuple kurtosis lag last last_day last_value lcase "
    "lead least left len length levenshtein like list_secrets listagg ln localtimestamp locate log log10 log1p "
    "log2 lower lpad ltrim luhn_check make_date make_dt_interval make_interval make_time make_timestamp "
    "make_timestamp_ltz make_timestamp_ntz make_valid_utf8 make_ym_interval map map_concat map_contains_key "
    "map_entries map_filter map_from_arrays map_from_entries map_keys map_values map_zip_with mask match_number "
    "max max_by md5 mean measure median min min_by minute mod mode monotonically_increasing_id month monthname "
    "months_between named_struct nanvl negative next_day not now nth_value ntile nullif nullifzero nvl nvl2 "
    "octet_length or overlay parse_json parse_url percent_rank percentile percentile_approx percentile_cont "
    "percentile_disc pi pmod posexplode posexplode_outer position positive pow power printf python_worker_logs "
    "quarter quote radians raise_error rand randn random randstr range rank read_files read_kafka read_kinesis "
    "read_pubsub read_pulsar read_state_metadata read_statestore reduce reflect regexp regexp_count regexp_extract "
    "regexp_extract_all regexp_instr regexp_like regexp_replace regexp_substr regr_avgx regr_avgy regr_count "
    "regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy remote_query repeat replace reverse right rint "
    "rlike rollup round row_number rpad rtrim schema_of_avro schema_of_csv schema_of_json schema_of_json_agg "
    "schema_of_variant schema_of_variant_agg schema_of_xml schema_of_xml_agg sec second secret sentences sequence "
    "session_user session_window sha sha1 sha2 shiftleft shiftright shiftrightunsigned shuffle sign signum sin "
    "sinh size skewness slice smallint some sort_array soundex space spark_partition_id split split_part "
    "sql_keywords sqrt stack startswith std stddev stddev_pop stddev_samp str_to_map string string_agg struct "
    "substr substring substring_index sum table table_changes tan tanh time time_bucket time_diff time_from_micros "
    "time_from_millis time_from_seconds time_to_micros time_to_millis time_to_seconds time_trunc timediff "
    "timestamp timestamp_micros timestamp_millis timestamp_seconds timestampadd timestampdiff tinyint to_avro "
    "to_binary to_char to_csv to_date to_geography to_geometry to_json to_number to_protobuf to_time to_timestamp "
    "to_timestamp_ltz to_timestamp_ntz to_unix_timestamp to_utc_timestamp to_varchar to_variant_object to_xml "
    "transform transform_keys transform_values translate trim trunc try_add try_aes_decrypt try_avg try_cast "
    "try_divide try_element_at try_make_interval try_make_timestamp try_make_timestamp_ltz try_make_timestamp_ntz "
    "try_mod try_multiply try_parse_json try_parse_url try_reflect try_secret try_subtract try_sum try_to_binary "
    "try_to_date try_to_geography try_to_geometry try_to_number try_to_time try_to_timestamp try_url_decode "
    "try_validate_utf8 try_variant_get try_zstd_decompress typeof ucase unbase64 unhex uniform unix_date "
    "unix_micros unix_millis unix_seconds unix_timestamp upper url_decode url_encode user uuid validate_utf8 "
    "values var_pop var_samp variance variant_explode variant_explode_outer variant_get version weekday weekofyear "
    "when width_bucket window window_time xxhash64 year zeroifnull zip_with zstd_compress zstd_decompress "
)
FUNCTIONS = frozenset(_NAMES.split())
"""The names of all other functions, in lower case."""


def unknown_functions(nodes: Iterable[exp.Expr], text: str) -> Iterator[QueryMistake]:
    """The calls of functions that Databricks does not have.

    Names with dots are functions of Unity Catalog and are skipped.

    Args:
        nodes: The nodes of a query.
        text: The text of the query.
    """
    for node in nodes:
        if not isinstance(node, exp.Func) or not node._meta or "start" not in node._meta:  # noqa: SLF001 - `meta` makes one
            continue
        start, end = node._meta["start"], node._meta["end"] + 1  # noqa: SLF001 - as above
        name = text[start:end].strip("`")
        is_call = text[end:].lstrip().startswith("(")
        is_known = name.lower() in FUNCTIONS or name.lower().startswith((*FAMILIES, PLACEHOLDER.lower()))
        if is_call and not is_known and not _has_dots(node):
            yield QueryMistake("unknown_function", name, QuerySpan(start, end))


def _has_dots(node: exp.Expr) -> bool:
    parent = node.parent
    return isinstance(parent, exp.Dot) or (isinstance(parent, exp.Table) and bool(parent.args.get("db")))
