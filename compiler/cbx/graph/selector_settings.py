"""The settings of a model that selectors compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cbx.graph.table_options import TABLE_OPTIONS


def selector_settings(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of a model in a manifest, by their names in dbt and in cbx."""
    return {
        "materialized": entry["kind"],
        "kind": entry["kind"],
        "schema": entry["dataset"].rpartition(".")[0],
        "alias": entry["dataset"].rpartition(".")[2],
        "unique_key": entry["key"],
        "key": entry["key"],
        "tags": entry["tags"],
        "owner": entry["owner"],
        "meta": entry["properties"],
        "properties": entry["properties"],
        "cluster_by": entry["cluster_by"],
        "quarantine": entry["quarantine"],
        **({"format": _sink_format(entry["sink"])} if "sink" in entry else {}),
        **{name: entry[name] for name in TABLE_OPTIONS if name in entry},
    }


def _sink_format(sink: Mapping[str, Any]) -> str:
    """The format of a sink; ``foreach_batch`` for one that is a function."""
    return str(sink.get("format", "foreach_batch"))
