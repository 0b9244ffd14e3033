"""Words of dbt and Delta Live Tables that users may try, with what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class ForeignArgument(NamedTuple):
    """An argument of another tool: the argument that was probably meant, if any, and a hint."""

    meant: str | None
    hint: str


_ONLY_KINDS = "the kind says how a model is materialized, such as `materialized_view(...)` or `view(...)`"
_NAMED_BY_FILE = "a model is named by its file; `[naming]` in project.toml sets the names of tables"
_EXPECTED = "write `expectations=[expect(...)]`, `key=` and `relationships=[...]`"
_INCREMENTAL = "an incremental table is a `streaming_table`, or `auto_cdc` where rows change"

FOREIGN_ARGUMENTS: Mapping[str, ForeignArgument] = {
    "unique_key": ForeignArgument("key", 'write `key="id"`'),
    "primary_key": ForeignArgument("key", 'write `key="id"`'),
    "materialized": ForeignArgument(None, _ONLY_KINDS),
    "incremental_strategy": ForeignArgument(None, _INCREMENTAL),
    "on_schema_change": ForeignArgument(None, "new columns of files are added by Auto Loader"),
    "schema": ForeignArgument("columns", "declare `columns={...}`; `[naming]` in project.toml sets the schema's name"),
    "alias": ForeignArgument(None, _NAMED_BY_FILE),
    "name": ForeignArgument(None, _NAMED_BY_FILE),
    "database": ForeignArgument(None, "the catalog is set by `[environments.<name>]` in project.toml"),
    "catalog": ForeignArgument(None, "the catalog is set by `[environments.<name>]` in project.toml"),
    "comment": ForeignArgument("description", 'write `description="..."`, or a docstring or leading comment'),
    "table_properties": ForeignArgument("properties", "write `properties={...}`"),
    "tblproperties": ForeignArgument("properties", "write `properties={...}`"),
    "partition_by": ForeignArgument("partition_cols", "write `cluster_by=[...]`, or `partition_cols=[...]`"),
    "cluster_by_auto": ForeignArgument("cluster_by", 'write `cluster_by="auto"`'),
    "temporary": ForeignArgument("private", "write `private=True`"),
    "data_tests": ForeignArgument("tests", "write `tests=[not_null(...)]`, or `key=` and `relationships=[...]`"),
    "constraints": ForeignArgument("expectations", _EXPECTED),
    "meta": ForeignArgument("properties", "write `tags`, `owner` or `properties`"),
    "group": ForeignArgument("owner", "write `owner=` or `tags=`"),
    "stored_as_scd_type": ForeignArgument("scd_type", "write `scd_type=1` or `scd_type=2`"),
    "except_column_list": ForeignArgument("except_columns", "write `except_columns=[...]`"),
    "column_list": ForeignArgument(
        "except_columns", "select the columns in the model, or write `except_columns=[...]`"
    ),
    "track_history_column_list": ForeignArgument("track_history", "write `track_history=[...]`"),
    "track_history_except_column_list": ForeignArgument("track_history", 'write `track_history={"except": [...]}`'),
    "ignore_null_updates_column_list": ForeignArgument("ignore_null_updates", "write `ignore_null_updates=[...]`"),
    "updated_at": ForeignArgument("sequence_by", 'write `sequence_by="updated_at"`'),
    "strategy": ForeignArgument(None, "a history is kept by `auto_cdc(..., scd_type=2)`"),
}
"""Arguments of dbt's `config` and of the decorators of `dlt`."""

FOREIGN_TEMPLATE_WORDS: Mapping[str, str] = {
    "config": "a model begins with its kind: `{{ materialized_view(...) }}`",
    "this": "a model cannot read its own table; a `streaming_table` or `auto_cdc` keeps what it has",
    "is_incremental": f"models have no `is_incremental`: {_INCREMENTAL}",
    "env_var": 'a value of an environment is a variable: `var("name")`, set under `[environments.<name>.vars]`',
    "secrets": 'a secret is written `secret("scope", "key")`, as the value of an option',
    "target": 'what differs between environments is a variable: `var("name")`',
    "execute": "templates are rendered once, without a connection",
    "run_query": "templates cannot run queries; write the query in a separate model",
    "statement": "templates cannot run queries; write the query in a separate model",
    "adapter": "templates cannot query the platform",
    "dbt_utils": "packages are not installed here; put the macro into a file of macros/",
    "dbt": "packages are not installed here; put the macro into a file of macros/",
    "return": "a macro returns the text that it renders",
    "log": "templates print nothing but their text",
    "exceptions": "a declaration's mistakes are reported by the compiler",
    "doc": "a description is text: the `description` argument, or the leading comment",
    "metrics": "there are no metrics; write a model",
    "snapshot": "a history is kept by `auto_cdc(..., scd_type=2)`",
    "graph": "templates cannot inspect other models",
    "model": "templates cannot inspect models",
    "modules": "templates have Jinja's own filters, and the macros of macros/",
    "flags": "templates cannot read the options of the compiler",
    "invocation_id": "output does not depend on the run",
    "run_started_at": "output does not depend on the time; use `current_timestamp()` in SQL",
}
"""Words of dbt's templates besides `ref`, `source` and `var`."""
