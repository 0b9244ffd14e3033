"""The vocabulary of model files, and nothing else.

A model imports its words from here: ``from cbx import expect, stream, streaming_table``.
"""

from cbx.declare.vocabulary import (
    auto_cdc,
    auto_loader,
    column,
    each,
    expect,
    expect_or_drop,
    expect_or_fail,
    flow,
    many_to_one,
    materialized_view,
    one_to_many,
    one_to_one,
    ref,
    sink,
    source,
    stream,
    stream_source,
    streaming_table,
    var,
    view,
)

__all__ = [
    "auto_cdc",
    "auto_loader",
    "column",
    "each",
    "expect",
    "expect_or_drop",
    "expect_or_fail",
    "flow",
    "many_to_one",
    "materialized_view",
    "one_to_many",
    "one_to_one",
    "ref",
    "sink",
    "source",
    "stream",
    "stream_source",
    "streaming_table",
    "var",
    "view",
]
