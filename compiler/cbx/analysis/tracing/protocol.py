"""The messages of Spark Connect that are understood: a closed list.

A step or an expression is opaque if it has a message that is not listed in `UNDERSTOOD`, or sets a field that is not
listed there. So nothing that a release of Spark adds is misread. `OPAQUE` lists all other messages that a plan can
have, so that a test finds new ones.

The names are those of the protocol, without its package,
https://github.com/apache/spark/tree/master/sql/connect/common/src/main/protobuf/spark/connect.
"""

from __future__ import annotations

from collections.abc import Mapping

_SAYS_NOTHING = ("common",)
"""Fields that change no row: the number of a step, and where it was created."""

UNDERSTOOD: Mapping[str, frozenset[str]] = {
    name: frozenset((*_SAYS_NOTHING, *fields.split()))
    for name, fields in {
        # Steps of a plan.
        "Relation": """
            project filter join set_op sort limit aggregate sql sample offset deduplicate subquery_alias repartition
            to_df with_columns_renamed drop tail with_columns hint repartition_by_expression collect_metrics
            with_watermark with_relations fill_na drop_na replace unpivot
        """,
        "Project": "input expressions",
        "Filter": "input condition",
        "Join": "left right join_condition join_type using_columns",
        "SetOperation": "left_input right_input set_op_type is_all by_name allow_missing_columns",
        "Sort": "input order is_global",
        "Limit": "input limit",
        "Aggregate": "input group_type grouping_expressions aggregate_expressions pivot grouping_sets",
        "Aggregate.Pivot": "col values",
        "Aggregate.GroupingSets": "grouping_set",
        "SQL": "query args pos_args named_arguments pos_arguments",
        "SQL.ArgsEntry": "key value",
        "SQL.NamedArgumentsEntry": "key value",
        "Sample": "input lower_bound upper_bound with_replacement seed deterministic_order",
        "Offset": "input offset",
        "Deduplicate": "input column_names all_columns_as_keys within_watermark",
        "SubqueryAlias": "input alias",
        "Repartition": "input num_partitions shuffle",
        "ToDF": "input column_names",
        "WithColumnsRenamed": "input rename_columns_map renames",
        "WithColumnsRenamed.RenameColumnsMapEntry": "key value",
        "WithColumnsRenamed.Rename": "col_name new_col_name",
        "Drop": "input columns column_names",
        "Tail": "input limit",
        "WithColumns": "input aliases",
        "Hint": "input name parameters",
        "RepartitionByExpression": "input partition_exprs num_partitions",
        "CollectMetrics": "input name metrics",
        "WithWatermark": "input event_time delay_threshold",
        "WithRelations": "root references",
        "NAFill": "input cols values",
        "NADrop": "input cols min_non_nulls",
        "NAReplace": "input cols replacements",
        "NAReplace.Replacement": "old_value new_value",
        "Unpivot": "input ids values variable_column_name value_column_name",
        "Unpivot.Values": "values",
        # Expressions.
        "Expression": """
            literal unresolved_attribute unresolved_function expression_string unresolved_star alias cast
            unresolved_regex sort_order lambda_function window unresolved_extract_value update_fields
            unresolved_named_lambda_variable common_inline_user_defined_function call_function
        """,
        "Expression.Literal": """
            null binary boolean byte short integer long float double decimal string date timestamp timestamp_ntz
            data_type
        """,
        "Expression.Literal.Decimal": "value precision scale",
        "Expression.UnresolvedAttribute": "unparsed_identifier plan_id is_metadata_column",
        "Expression.UnresolvedFunction": "function_name arguments is_distinct is_user_defined_function is_internal",
        "Expression.ExpressionString": "expression",
        "Expression.UnresolvedStar": "unparsed_target plan_id",
        "Expression.Alias": "expr name metadata",
        "Expression.Cast": "expr type type_str eval_mode",
        "Expression.UnresolvedRegex": "col_name plan_id",
        "Expression.SortOrder": "child direction null_ordering",
        "Expression.LambdaFunction": "function arguments",
        "Expression.UnresolvedNamedLambdaVariable": "name_parts",
        "Expression.Window": "window_function partition_spec order_spec frame_spec",
        "Expression.Window.WindowFrame": "frame_type lower upper",
        "Expression.Window.WindowFrame.FrameBoundary": "current_row unbounded value",
        "Expression.UnresolvedExtractValue": "child extraction",
        "Expression.UpdateFields": "struct_expression field_name value_expression",
        "CommonInlineUserDefinedFunction": "function_name deterministic arguments python_udf",
        "PythonUDF": "output_type eval_type command python_ver additional_includes",
        "CallFunction": "function_name arguments",
        # Source locations.
        "RelationCommon": "source_info plan_id origin",
        "ExpressionCommon": "origin",
    }.items()
}
"""The fields that are read or change no row, by message."""

OPAQUE_FIELDS: Mapping[str, frozenset[str]] = {
    name: frozenset(fields.split())
    for name, fields in {
        "Relation": """
            read local_relation range map_partitions show_string to_schema parse group_map co_group_map
            apply_in_pandas_with_state html_string cached_local_relation cached_remote_relation as_of_join
            common_inline_user_defined_table_function
            common_inline_user_defined_data_source transpose unresolved_table_valued_function lateral_join
            chunked_cached_local_relation relation_changes nearest_by_join summary crosstab describe cov corr
            approx_quantile freq_items sample_by catalog ml_relation extension unknown
        """,
        "Join": "join_data_type",
        "SubqueryAlias": "qualifier",
        "Expression": """
            named_argument_expression merge_action typed_aggregate_expression subquery_expression
            direct_shuffle_partition_id extension
        """,
        "Expression.Literal": """
            calendar_interval year_month_interval day_time_interval array map struct specialized_array time
        """,
        "CommonInlineUserDefinedFunction": "scalar_scala_udf java_udf is_distinct",
    }.items()
}
"""The fields of these messages that are not supported."""

UNDERSTOOD_VALUES: Mapping[str, frozenset[str]] = {
    name: frozenset(values.split())
    for name, values in {
        "Join.JoinType": """
            JOIN_TYPE_INNER JOIN_TYPE_FULL_OUTER JOIN_TYPE_LEFT_OUTER JOIN_TYPE_RIGHT_OUTER JOIN_TYPE_LEFT_ANTI
            JOIN_TYPE_LEFT_SEMI JOIN_TYPE_CROSS
        """,
        "SetOperation.SetOpType": "SET_OP_TYPE_INTERSECT SET_OP_TYPE_UNION SET_OP_TYPE_EXCEPT",
        "Aggregate.GroupType": """
            GROUP_TYPE_GROUPBY GROUP_TYPE_ROLLUP GROUP_TYPE_CUBE GROUP_TYPE_PIVOT GROUP_TYPE_GROUPING_SETS
        """,
        "Expression.Cast.EvalMode": "EVAL_MODE_UNSPECIFIED EVAL_MODE_LEGACY EVAL_MODE_ANSI EVAL_MODE_TRY",
        "Expression.SortOrder.SortDirection": "SORT_DIRECTION_ASCENDING SORT_DIRECTION_DESCENDING",
        "Expression.SortOrder.NullOrdering": "SORT_NULLS_FIRST SORT_NULLS_LAST",
        "Expression.Window.WindowFrame.FrameType": "FRAME_TYPE_ROW FRAME_TYPE_RANGE",
    }.items()
}
"""The values of enumerations that are understood; any other value makes the step opaque."""

OPAQUE_VALUES: Mapping[str, frozenset[str]] = {
    name: frozenset(values.split())
    for name, values in {
        "Join.JoinType": "JOIN_TYPE_UNSPECIFIED",
        "SetOperation.SetOpType": "SET_OP_TYPE_UNSPECIFIED",
        "Aggregate.GroupType": "GROUP_TYPE_UNSPECIFIED",
        "Expression.SortOrder.SortDirection": "SORT_DIRECTION_UNSPECIFIED",
        "Expression.SortOrder.NullOrdering": "SORT_NULLS_UNSPECIFIED",
        "Expression.Window.WindowFrame.FrameType": "FRAME_TYPE_UNDEFINED",
    }.items()
}
"""The values of these enumerations that are not supported."""

FILE_METADATA: Mapping[str, str] = {
    "file_path": "STRING",
    "file_name": "STRING",
    "file_size": "BIGINT",
    "file_block_start": "BIGINT",
    "file_block_length": "BIGINT",
    "file_modification_time": "TIMESTAMP",
}
"""The fields of the hidden column ``_metadata`` of files, and their types."""

OPAQUE = "opaque"
"""The kind of the record of a step, an expression or a literal that is not supported."""

MOST_OF_AN_INT = (1 << 31) - 1


def is_drawn_seed(seed: int) -> bool:
    """Whether PySpark drew a seed, of up to 63 bits, because the model gives none; people write smaller numbers."""
    return seed > MOST_OF_AN_INT
