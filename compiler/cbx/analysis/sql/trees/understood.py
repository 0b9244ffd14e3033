"""Lists the classes of sqlglot that the reader of queries supports, and their arguments, by role.

Everything else is unsupported: a class that no table lists, and an argument that is not listed with its class. Each
table maps arguments to the classes that are supported with them. Additions of a new release of sqlglot are unsupported
until somebody lists them; `test_closed_world.py` compares the tables with all classes of sqlglot, and lists those that
are omitted on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlglot import exp

Arguments = Mapping[str, str]
"""Classes by their supported arguments, both separated by spaces."""

RELATIONS: Arguments = {
    "expressions alias limit": "Values",
    "this": "Stream",
    "this alias with_ joins order sort distribute cluster limit offset sample pivots": "Subquery",
    "this db catalog alias joins sample pivots": "Table",
    "with_ expressions distinct from_ joins laterals where group having qualify windows order sort distribute cluster "
    "limit offset sample hint": ("Select"),
    "with_ this expression distinct by_name order sort distribute cluster limit offset": "Except Intersect Union",
}
"""Queries and FROM items. Where one of these is not supported, its rows are unknown."""

CLAUSES: Arguments = {
    "except_ replace rename": "Star",
    "expression": "Limit",
    "expressions": "Cluster Cube Distinct GroupingSets Hint Rollup",
    "expressions all rollup cube grouping_sets": "Group",
    "expressions recursive": "With",
    "kind start start_side end end_side": "WindowSpec",
    "size percent rows seed method bucket_numerator bucket_denominator bucket_field expressions": "TableSample",
    "this": "From Having IgnoreNulls Qualify RespectNulls Where",
    "this alias": "Alias CTE PivotAlias",
    "this alias expressions fields unpivot using group columns include_nulls pivot_column_naming": "Pivot",
    "this columns": "TableAlias",
    "this desc nulls_first": "Ordered",
    "this expression": "Filter Offset WithinGroup",
    "this expressions": "Aliases Distribute JoinHint Order Sort",
    "this on side kind using method hint pivots": "Join",
    "this partition_by order spec alias over": "Window",
    "this quoted": "Identifier",
    "this view outer alias": "Lateral",
}
"""Parts of queries. Where one of these is not supported, neither is its query."""

TYPES: Arguments = {
    "": "NotNullColumnConstraint",
    "kind": "ColumnConstraint",
    "this": "CollateColumnConstraint CommentColumnConstraint DataTypeParam",
    "this expression": "IntervalSpan",
    "this expressions nested kind collate": "DataType",
    "this kind constraints": "ColumnDef",
}
"""Types of columns and their parts."""

SCALARS: Arguments = {
    "": "JSONPathRoot JSONPathWildcard Null Pi",
    "expressions": "ArrayIntersect ArraysZip Chr DecodeCase JSONPath Struct Tuple",
    "expressions bracket_notation": "Array",
    "expressions safe coalesce": "Concat",
    "expressions safe coalesce flatten": "ConcatWs",
    "keys values": "Map VarMap",
    "source_tz target_tz timestamp": "ConvertTimezone",
    "start end step": "GenerateSeries",
    "this": (
        "Abs Acos Acosh Any ArrayCompact ArrayDistinct ArrayMax ArrayMin Ascii Asin Asinh Atanh BitLength "
        "BitmapBitPosition BitmapBucketNumber BitmapCount BitwiseCount BitwiseNot Boolean Cbrt Collation Cos Cosh "
        "Cot Csc Date DateFromUnixDate Day DayOfMonth DayOfWeek DayOfYear Degrees Exp Factorial Flatten "
        "FromBase64 Hex HexString Hour IsNan JSONPathSubscript Ln Lower MD5 MapFromEntries MapKeys Minute Month "
        "Neg Negative Not Paren Quarter Radians RawString Reverse Rint SHA Sec Second Sign Sin Sinh Soundex Space "
        "Sqrt Tan Tanh TimeStrToTime ToBase64 Typeof UnixDate UnixMicros UnixMillis UnixSeconds Upper Var "
        "WeekOfYear Year"
    ),
    "this abbreviated": "Dayname Monthname",
    "this binary encoding": "Length",
    "this charset": "Decode Encode",
    "this decimals to": "Ceil Floor",
    "this decimals truncate casts_non_integer_decimals": "Round",
    "this delimiter count": "SubstringIndex",
    "this delimiter part_index part_index_zero_as_one empty_delimiter_returns_whole": "SplitPart",
    "this expression": (
        "Add And ArrayContains ArrayExcept ArrayFilter ArrayPosition ArraySize Atan Atan2 BitwiseAnd "
        "BitwiseLeftShift BitwiseOr BitwiseRightShift BitwiseXor Collate Dot EQ EndsWith EqualNull Escape Exists "
        "Extract GT GTE Getbit Initcap IntDiv Is Kwarg LT LTE Log Mod Mul NEQ Nanvl NextDay NullSafeEQ "
        "NullSafeNEQ Nullif Or Pow PropertyEQ SafeAdd SafeDivide SafeMultiply SafeSubtract Split StartsWith Sub "
        "Transform Unhex Xor"
    ),
    "this expression asc nulls_first": "ArraySort",
    "this expression expressions": "JSONKeys",
    "this expression fill_pattern is_left": "Pad",
    "this expression flag full_match": "RegexpLike",
    "this expression from_ for_": "Overlay",
    "this expression group parameters position occurrence": "RegexpExtractAll RegexpSubstr",
    "this expression group parameters position occurrence null_if_pos_overflow": "RegexpExtract",
    "this expression group parameters position occurrence option": "RegexpInstr",
    "this expression json_scope": "Contains",
    "this expression limit mode": "RegexpSplit",
    "this expression max_dist ins_cost": "Levenshtein",
    "this expression negate": "ILike Like",
    "this expression negative_length_returns_empty": "Left Right",
    "this expression null": "ArrayToString",
    "this expression null_propagation": "ArrayAppend ArrayPrepend ArrayRemove",
    "this expression only_json_types": "JSONExtractScalar",
    "this expression options": "FromJson",
    "this expression position": "Trim",
    "this expression position parameters": "RegexpCount",
    "this expression preserve_end_of_month": "AddMonths",
    "this expression replacement": "Replace",
    "this expression replacement position occurrence modifiers single_replace": "RegexpReplace",
    "this expression roundoff": "MonthsBetween",
    "this expression safe": "DPipe ParseJSON",
    "this expression typed safe": "Div",
    "this expression unit": "DateAdd DateDiff DateSub TimeDiff TimestampAdd TimestampDiff TsOrDsAdd",
    "this expression variant_extract requires_json only_json_types": "JSONExtract",
    "this expressions": "Elt Format Lambda",
    "this expressions ignore_nulls": "Greatest Least",
    "this expressions is_nvl is_null": "Coalesce",
    "this expressions offset safe returns_list_for_maps json_access": "Bracket",
    "this expressions query": "In",
    "this format": "StrToUnix TimeToStr UnixToStr UnixToTime",
    "this format nlsparam is_numeric": "ToChar",
    "this format nlsparam precision scale safe safe_name": "ToNumber",
    "this format safe": "StrToDate StrToTime ToBinary TsOrDsToDate",
    "this from_ to": "Translate",
    "this ifs default": "Case",
    "this initial merge finish": "Reduce",
    "this is_string": "Literal",
    "this key": "MapContainsKey",
    "this length": "SHA2",
    "this length start zero_start": "Substring",
    "this low high": "Between",
    "this min_value max_value num_buckets": "WidthBucket",
    "this options is_json to_json": "JSONFormat",
    "this pair_delim key_value_delim": "StrToMap",
    "this part_to_extract key permissive": "ParseUrl",
    "this position expression offset": "ArrayInsert",
    "this quoted": "JSONPathKey",
    "this start end is_length": "ArraySlice",
    "this substr position occurrence clamp_position": "StrPosition",
    "this table db catalog": "Column",
    "this times": "Repeat",
    "this to": "CastToStrType",
    "this to safe": "Cast",
    "this to safe requires_string": "TryCast",
    "this true false": "If Nvl2",
    "this unit": "Interval LastDay",
    "this unit input_type_preserved": "DateTrunc TimestampTrunc",
    "this unit zone": "TimeTrunc",
    "this zone": "AtTimeZone FromTimeZone",
    "year month day": "DateFromParts",
    "year month day hour min sec nano zone": "TimestampFromParts",
    "year month week day hour minute second": "MakeInterval",
}
"""Deterministic expressions: equal arguments give equal values."""

STABLE: Arguments = {
    "": "CurrentCatalog CurrentDatabase CurrentTimestampLTZ CurrentTimezone SessionUser",
    "this": (
        "CurrentDate CurrentDatetime CurrentSchema CurrentTime CurrentTimestamp CurrentUser Localtime Localtimestamp"
    ),
}
"""Expressions with one value while a query runs, which may differ in the next run."""

VOLATILE: Arguments = {
    "": "Uuid",
    "this": "Randn Shuffle",
    "this expression seed": "Uniform",
    "this generator": "Randstr",
    "this lower upper": "Rand",
}
"""Functions that get a new value wherever they are written: two calls may differ in one row."""

CHANGING: Arguments = {
    "expressions": "Grouping GroupingId",
    "this": "Parameter SubqueryPredicate",
    "this expressions": "Anonymous",
    "this kind widget": "Placeholder",
}
"""Other scalar expressions that may not be deterministic."""

AGGREGATES: Arguments = {
    "this": (
        "AnyValue ArrayUniqueAgg Avg BitmapConstructAgg BitmapOrAgg BitwiseAndAgg BitwiseOrAgg BitwiseXorAgg "
        "Kurtosis LogicalAnd LogicalOr Max Median Min Skewness Stddev StddevPop StddevSamp Sum Variance "
        "VariancePop"
    ),
    "this accuracy": "ApproxDistinct",
    "this deterministic": "Mode",
    "this expression": (
        "Corr CovarPop CovarSamp First Last PercentileCont PercentileDisc RegrAvgx RegrAvgy RegrCount "
        "RegrIntercept RegrR2 RegrSlope RegrSxx RegrSxy RegrSyy"
    ),
    "this expression count": "ArgMax ArgMin",
    "this expression counters": "ApproxTopK",
    "this expressions": "AnonymousAggFunc",
    "this expressions big_int": "Count",
    "this nulls_excluded": "ArrayAgg",
    "this quantile": "Quantile",
    "this quantile accuracy": "ApproxQuantile",
    "this separator on_overflow": "GroupConcat",
    "this zero_on_all_null": "CountIf",
}
"""Aggregate functions, of a group or of a window."""

AGGREGATE_NAMES = (
    "approx_top_k_accumulate approx_top_k_combine bitmap_and_agg count_min_sketch every histogram_numeric "
    "hll_sketch_agg hll_union_agg kll_merge_agg_bigint kll_merge_agg_double kll_merge_agg_float "
    "kll_sketch_agg_bigint kll_sketch_agg_double kll_sketch_agg_float mean measure schema_of_variant_agg some std "
    "theta_intersection_agg theta_sketch_agg theta_union_agg try_avg try_sum tuple_intersection_agg_double "
    "tuple_intersection_agg_integer tuple_sketch_agg_double tuple_sketch_agg_integer tuple_union_agg_double "
    "tuple_union_agg_integer vector_avg vector_sum"
)
"""Aggregate functions of Spark and Databricks without a class of sqlglot, or with an unlisted one."""

OF_WINDOWS: Arguments = {
    "": "RowNumber",
    "expressions": "CumeDist DenseRank PercentRank Rank",
    "this": "FirstValue LastValue Ntile",
    "this offset": "NthValue",
    "this offset default": "Lag Lead",
}
"""Window functions that are no aggregates."""

GENERATORS: Arguments = {
    "this": "Inline",
    "this expressions": "Explode Posexplode PosexplodeOuter Stack _ExplodeOuter",
}
"""Generator functions, which return several rows for one."""

GENERATOR_NAMES = (
    "explode explode_outer inline inline_outer json_tuple posexplode posexplode_outer stack variant_explode "
    "variant_explode_outer"
)
"""The names of all generator functions of Spark and Databricks."""

ROLES: Mapping[str, Arguments] = {
    "relations": RELATIONS,
    "clauses": CLAUSES,
    "types": TYPES,
    "scalars": SCALARS,
    "stable": STABLE,
    "volatile": VOLATILE,
    "changing": CHANGING,
    "aggregates": AGGREGATES,
    "of_windows": OF_WINDOWS,
    "generators": GENERATORS,
}


def entries(table: Arguments) -> Iterator[tuple[str, str]]:
    """Each class of a table with each of its supported arguments; an empty one for a class without arguments."""
    for arguments, names in table.items():
        for name in names.split():
            for argument in arguments.split() or ("",):
                yield name, argument


def classes(*tables: Arguments) -> frozenset[type[Any]]:
    """The classes that tables list."""
    class_names = {name for table in tables for name, _ in entries(table)}
    return frozenset(getattr(exp, name) for name in class_names if hasattr(exp, name))


def arguments_of(tables: Mapping[str, Arguments]) -> dict[type[Any], frozenset[str]]:
    """The supported arguments of each class that tables list."""
    arguments_by_class: dict[str, set[str]] = {}
    for table in tables.values():
        for name, argument in entries(table):
            arguments_by_class.setdefault(name, set()).add(argument)
    return {
        getattr(exp, name): frozenset(understood)
        for name, understood in arguments_by_class.items()
        if hasattr(exp, name)
    }
