"""The words of the vocabulary, their groups, and their positional arguments."""

from __future__ import annotations

from collections.abc import Mapping

KINDS = ("streaming_table", "materialized_view", "view", "auto_cdc", "auto_cdc_from_snapshot", "flow", "sink")
SEED = "seed"
"""The kind that a TOML file declares: no word of Python or SQL files."""
MODEL_INPUTS = ("ref", "stream")
TABLE_INPUTS = ("source", "stream_source")
READER_INPUTS = ("kafka", "read_stream", "read")
INPUTS = (*MODEL_INPUTS, *TABLE_INPUTS, "auto_loader", *READER_INPUTS, "snapshots")
EXPECTATIONS = ("expect", "expect_or_drop", "expect_or_fail")
DATA_TESTS = ("accepted_values", "not_null", "row_count", "freshness", "no_rows")
RELATIONSHIPS = ("one_to_one", "one_to_many", "many_to_one")

SIGNATURES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(KINDS, ()),
    **dict.fromkeys(MODEL_INPUTS, ("model",)),
    **dict.fromkeys(TABLE_INPUTS, ("table",)),
    "auto_loader": ("path",),
    "kafka": ("topic",),
    "read_stream": ("format",),
    "read": ("format",),
    "snapshots": ("path",),
    **dict.fromkeys(EXPECTATIONS, ("name", "sql")),
    "accepted_values": ("column", "values"),
    "not_null": ("column",),
    "row_count": (),
    "freshness": ("column", "within"),
    "no_rows": ("sql",),
    **dict.fromkeys(RELATIONSHIPS, ("model", "on")),
    "column": ("type", "description", "not_null", "measure", "mask", "tags"),
    "var": ("name",),
    "secret": ("scope", "key"),
    "each": ("name",),
}
"""Every word with the names of the arguments that may be given by position."""
