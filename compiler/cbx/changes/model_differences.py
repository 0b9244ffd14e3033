"""The differences of a model, and the refresh that each needs; docs/deploying.md has the rules as a table.

Views and materialized views are computed from their queries, so the next update is enough for any difference.
Streaming tables and AUTO CDC targets keep their rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cbx.changes.change_plan import Difference, Refresh
from cbx.changes.column_types import is_widening, normalise_type
from cbx.changes.flow_differences import RUNS_ONCE, STARTS_OVER, WRITE_A_FLOW, compare_flows, grows_by
from cbx.changes.input_pairs import pair_inputs
from cbx.changes.tables import (
    Model,
    columns_without_null,
    is_flow,
    is_recomputed,
    is_sink,
    is_streaming,
    is_table,
    source_name,
    widens_types,
)
from cbx.changes.tag_differences import compare_tags
from cbx.project.dataset_names import quarantine_table

NEW_ROWS = "existing rows do not change"
NOT_IN_PLACE = "the table cannot be changed in place: drop it first, or rename the model"
SENT = "rows that were sent before are not sent again"
RESTARTED = "its checkpoint is that of the earlier stream: rename the model to start again, which sends all rows"
NEW_SINK = "the new sink sends all rows"
MOVED = "the table with the old name is dropped with its rows"
_ON_START = "it has an effect from the next full refresh on"
_SAME_STREAM = "the stream goes on where it has stopped: write a flow for another stream"
_OPTION_REASONS = {
    "kafka.bootstrap.servers": "the stream goes on at the offsets that it has reached: keep the same cluster",
    **dict.fromkeys(("region", "endpointurl", "service.url", "subscriptionid", "projectid"), _SAME_STREAM),
    "startingoffsets": _ON_START,
    "startingtimestamp": _ON_START,
    "startingoffsetsbytimestamp": _ON_START,
    "initialposition": _ON_START,
}
_SCHEME = re.compile(r"(?:(\w+):)?[0-9a-f]{64}\Z")
_NOT_DEPLOYED = frozenset({"path", "artifact", "artifact_hash", "source_hash", "traced", "language", "layer", "name"})
_HAS_A_RULE = frozenset({"kind", "dataset", "code_hash", "cdc", "key", "inputs", "columns", "expectations"})
_RESTART_OPTIONS = {
    "partition_cols": "existing files are divided in another way",
    "replace_using": "existing rows were replaced in another way",
    "sequence_by": "existing rows were replaced in another way",
}
"""The options that existing rows do not fit, with the reasons."""
_OPTIONS = (*_RESTART_OPTIONS, "cluster_by_auto", "refresh_policy", "row_filter", "spark_conf")
_HAS_A_RULE_TOO = frozenset(
    {
        "private",
        "owner",
        "table_tags",
        *_OPTIONS,
        "flow",
        "sink",
        "quarantine",
        "properties",
        "relationships",
        "row_count",
        "tests",
        "pipeline",
    }
)


def model_differences(before: Model, after: Model) -> Iterator[Difference]:
    """Every difference between a model as deployed and as compiled."""
    if before["kind"] != after["kind"]:
        yield _kind_difference(before, after)
    if before["dataset"] != after["dataset"]:
        is_lost = is_table(before)
        detail = f"`{before['dataset']}` -> `{after['dataset']}`"
        aspect = "stream" if is_flow(before) and is_flow(after) else "dataset"
        reason = MOVED if is_lost else STARTS_OVER if aspect == "stream" else NEW_SINK if is_sink(after) else None
        yield Difference(aspect, detail, "incremental", reason, is_lost)
    yield from compare_flows(before, after)
    yield from _compare_pipeline(before, after)
    yield from _compare_code(before, after)
    yield from _compare_rows(before, after)
    yield from _compare_cdc(before, after)
    yield from _compare_sink(before, after)
    yield from _compare_keys(before, after)
    yield from _compare_inputs(before, after)
    yield from _compare_columns(before, after)
    yield from _compare_named(
        "expectations", before["expectations"], after["expectations"], "name", _new_rows_reason(after)
    )
    yield from _compare_named("tests", before.get("tests", []), after.get("tests", []), "name", None)
    yield from _compare_quarantine(before, after)
    yield from _compare_mapping("properties", before.get("properties", {}), after.get("properties", {}))
    yield from _compare_options(before, after)
    yield from compare_tags(before, after)
    yield from _compare_relationships(before, after)
    yield from _compare_other_fields(before, after)


def _refresh_for(after: Model, refresh: Refresh) -> Refresh:
    """The refresh for a table that keeps its rows; other tables are recomputed anyway."""
    return refresh if is_streaming(after) else "incremental"


def _new_rows_reason(after: Model) -> str | None:
    if is_sink(after):
        return SENT
    if is_flow(after) and after["flow"]["once"]:
        return RUNS_ONCE
    return NEW_ROWS if is_streaming(after) or is_flow(after) else None


def _kind_difference(before: Model, after: Model) -> Difference:
    detail = f"{before['kind']} -> {after['kind']}"
    if not is_table(before):
        return Difference("kind", detail)
    if not is_table(after):
        return Difference("kind", detail, "incremental", "the table is dropped with its rows", is_destructive=True)
    if is_streaming(before) and is_streaming(after):
        return Difference("kind", detail, "full_refresh", "existing rows were computed in another way")
    if is_recomputed(before) and is_recomputed(after):
        return Difference("kind", detail)
    return Difference("kind", detail, "recreate", NOT_IN_PLACE, is_destructive=True)


def _compare_pipeline(before: Model, after: Model) -> Iterator[Difference]:
    """Compare the pipelines that own the model.

    The workspace moves a table with its rows if it is told to (page "Move tables between pipelines" of the Databricks
    documentation).
    """
    old, new = before.get("pipeline"), after.get("pipeline")
    if old == new:
        return
    detail = f"moves from {_pipeline_text(old)} to {_pipeline_text(new)}"
    is_kept = is_table(before) and is_table(after) and before["dataset"] == after["dataset"]
    if not is_kept or is_recomputed(before) != is_recomputed(after):
        yield Difference("pipeline", detail, "incremental", NEW_SINK if is_sink(after) else None)
        return
    kind = "MATERIALIZED VIEW" if is_recomputed(after) else "STREAMING TABLE"
    datasets = [before["dataset"], *([quarantine_table(before["dataset"])] if before["quarantine"] else [])]
    statements = " and ".join(
        f"`ALTER {kind} {dataset} SET TBLPROPERTIES ('pipelines.pipelineId' = '<its id>')`" for dataset in datasets
    )
    reason = f"it keeps its rows: deploy, then run {statements} with the id of that pipeline, before an update"
    yield Difference("pipeline", detail, "incremental", reason)


def _pipeline_text(name: str | None) -> str:
    return "the pipeline of the whole project" if name is None else f"the pipeline `{name}`"


def _compare_options(before: Model, after: Model) -> Iterator[Difference]:
    """How the table is stored, refreshed and shown; an option at its default is not in the manifest."""
    for name in sorted(_OPTIONS):
        if before.get(name) != after.get(name):
            refresh = _refresh_for(after, "full_refresh") if name in _RESTART_OPTIONS else "incremental"
            reason = _RESTART_OPTIONS[name] if refresh == "full_refresh" else None
            detail = f"{_value_text(before.get(name))} -> {_value_text(after.get(name))}"
            yield Difference(name, detail, refresh, reason)


def _compare_code(before: Model, after: Model) -> Iterator[Difference]:
    """Compare the hashes of the code; hashes of different schemes cannot be compared."""
    old, new = before.get("code_hash"), after.get("code_hash")
    if old is None or old == new or after["kind"] == "seed":
        return
    if not _is_of_another_scheme(str(old), str(new)):
        yield Difference("code", "the code has changed", "incremental", _new_rows_reason(after))
    elif all(before.get(name) != after.get(name) for name in ("source_hash", "artifact_hash")):
        detail = "the code may have changed: another version of cbx deployed it"
        yield Difference("code", detail, "incremental", _new_rows_reason(after))


def _compare_rows(before: Model, after: Model) -> Iterator[Difference]:
    """Compare the rows of a seed, which are its code."""
    compared = [name for name in ("code_hash", "row_count") if name in before]
    if after["kind"] == "seed" and any(before[name] != after[name] for name in compared):
        old, new = before.get("row_count"), after["row_count"]
        rows = f"{new} row{'s' if new != 1 else ''}"
        yield Difference("rows", f"{old} -> {rows}" if old not in {None, new} else f"{rows} with other values or types")


def _is_of_another_scheme(old: str, new: str) -> bool:
    """Whether two hashes of code have different schemes; docs/output.md describes the hashes."""
    schemes = [_SCHEME.match(code_hash) for code_hash in (old, new)]
    return all(schemes) and len({match[1] for match in schemes if match}) > 1


def _compare_cdc(before: Model, after: Model) -> Iterator[Difference]:
    old, new = before["cdc"] or {}, after["cdc"] or {}
    if not (old and new):
        return
    if before["key"] != after["key"]:
        detail = f"{_value_text(before['key'])} -> {_value_text(after['key'])}"
        yield Difference("cdc.key", detail, "full_refresh", "existing rows have another key")
    weights: dict[str, tuple[Refresh, str]] = {
        "sequence_by": ("full_refresh", "existing rows were ordered by other columns"),
        "scd_type": ("full_refresh", "the table stores other versions of its rows"),
        "except_columns": ("full_refresh", "the table has other columns"),
    }
    for name in sorted({*old, *new}):
        if name in old and old[name] != new.get(name):
            refresh, reason = weights.get(name, ("incremental", NEW_ROWS))
            yield Difference(
                f"cdc.{name}", f"{_value_text(old[name])} -> {_value_text(new.get(name))}", refresh, reason
            )


def _compare_sink(before: Model, after: Model) -> Iterator[Difference]:
    """Where the rows go; options have a line each."""
    old, new = before.get("sink"), after.get("sink")
    if not (old and new):
        return
    for name in sorted({*old, *new} - {"options"}):
        if old.get(name) != new.get(name):
            detail = f"{_value_text(old.get(name))} -> {_value_text(new.get(name))}"
            yield Difference(f"sink.{name}", detail, "incremental", SENT)
    for difference in _compare_mapping("sink.options", old.get("options", {}), new.get("options", {})):
        yield replace(difference, reason=SENT)


def _compare_keys(before: Model, after: Model) -> Iterator[Difference]:
    is_cdc = before["cdc"] and after["cdc"]
    if before["key"] != after["key"] and not is_cdc:
        yield Difference("key", f"{_value_text(before['key'])} -> {_value_text(after['key'])}")
    old, new = ([key["columns"] for key in model.get("further_keys", ())] for model in (before, after))
    if old != new:
        yield Difference("keys", f"{_value_text(old)} -> {_value_text(new)}")
    if before["key_verdict"] != after["key_verdict"]:
        yield Difference(
            "key_verdict", f"{_value_text(before['key_verdict'])} -> {_value_text(after['key_verdict'])}", "none"
        )


def _compare_inputs(before: Model, after: Model) -> Iterator[Difference]:
    old, new = before["inputs"], after["inputs"]
    pairs = pair_inputs(old, new)
    for source in pairs.removed:
        yield _source_difference(source, "no longer reads", before, after)
    for source in pairs.added:
        yield _source_difference(source, "reads", before, after)
    for was, now in pairs.both:
        yield from _compare_reading(was, now, after)
    if old != new and sorted(map(repr, old)) == sorted(map(repr, new)):
        yield Difference("inputs", "in another order")


def _compare_reading(old: Model, new: Model, after: Model) -> Iterator[Difference]:
    """How the same source is read."""
    if new.get("version") != old.get("version"):
        detail = f"version of {source_name(new)}: {old.get('version')} -> {new.get('version')}"
        yield Difference("snapshots", detail, _refresh_for(after, "full_refresh"), "existing rows have other versions")
    if "name" in new:
        yield from _compare_reader_options(old.get("options", new["options"]), new["options"], source_name(new), after)
    for name in ("schema",) if "name" in new else ("schema", "schema_hints", "options"):
        if (name in old or name == "schema") and new.get(name) != old.get(name):
            detail = f"{name} of {source_name(new)}: {_value_text(old.get(name))} -> {_value_text(new.get(name))}"
            yield Difference("inputs", detail, "incremental", _new_rows_reason(after))


def _compare_reader_options(old: Model, new: Model, place: str, after: Model) -> Iterator[Difference]:
    """The options of a reader. A stream goes on where it stopped (Spark's page "Structured Streaming", on changes)."""
    for option in dict.fromkeys((*old, *new)):
        if old.get(option) != new.get(option):
            detail = f"option `{option}` of {place}: {_value_text(old.get(option))} -> {_value_text(new.get(option))}"
            reason = _OPTION_REASONS.get(option.lower(), NEW_ROWS) if is_streaming(after) else None
            yield Difference("inputs", detail, "incremental", reason)


def _source_difference(source: Model, verb: str, before: Model, after: Model) -> Difference:
    if source["mode"] != "stream":
        return Difference("inputs", f"{verb} {source_name(source)}", "incremental", _new_rows_reason(after))
    reason = RESTARTED if is_sink(after) else STARTS_OVER if is_flow(after) else None
    if is_streaming(after):
        reason = WRITE_A_FLOW if grows_by(source, before, after) else "its rows come from another source"
    return Difference(
        "stream", f"{verb} new rows of {source_name(source)}", _refresh_for(after, "full_refresh"), reason
    )


def _compare_columns(before: Model, after: Model) -> Iterator[Difference]:
    """Compare the columns by their names, whose upper and lower case do not matter."""
    old, new = ({column["name"].lower(): column for column in model["columns"]} for model in (before, after))
    if bool(old) != bool(new):
        verb, known = ("are now known", new) if new else ("are no longer known", old)
        names = ", ".join(f"`{column['name']}`" for column in known.values())
        yield Difference("columns", f"{verb}: {names}", "none")
        yield from (_now_not_null(f"`{name}`", after) for name in sorted(columns_without_null(after)) if not old)
        return
    for name, column in old.items():
        if name not in new:
            reason = "a column cannot be removed from a table that keeps its rows" if is_streaming(after) else None
            yield Difference("columns", f"`{column['name']}` removed", _refresh_for(after, "full_refresh"), reason)
    for name, column in new.items():
        if name not in old:
            yield Difference("columns", f"`{column['name']}` added", "incremental", _new_rows_reason(after))
        else:
            yield from _compare_column(old[name], column, before, after)
    shared = [name for name in old if name in new], [name for name in new if name in old]
    if shared[0] != shared[1]:
        yield Difference("columns", "in another order")


def _compare_column(old: Model, new: Model, before: Model, after: Model) -> Iterator[Difference]:
    name = f"`{new['name']}`"
    if old["name"] != new["name"]:
        yield Difference("columns", f"`{old['name']}` is spelled {name} now")
    if None in {old["type"], new["type"]}:
        if old["type"] != new["type"]:
            yield Difference("columns", f"{name}: {old['type'] or 'unknown'} -> {new['type'] or 'unknown'}", "none")
    elif normalise_type(old["type"]) != normalise_type(new["type"]):
        yield _type_difference(old, new, before, after)
    yield from _compare_nullability(name, old, new, before, after)
    if old["description"] != new["description"]:
        yield Difference("columns", f"{name} has another description")
    if old.get("mask") != new.get("mask"):
        yield Difference("columns", f"{name}: mask {_value_text(old.get('mask'))} -> {_value_text(new.get('mask'))}")


def _compare_nullability(name: str, old: Model, new: Model, before: Model, after: Model) -> Iterator[Difference]:
    """Compare NOT NULL. A table refuses NULL only if it has a schema of its own, with a primary key or a mask."""
    if new["name"] in columns_without_null(after) and old["name"] not in columns_without_null(before):
        yield _now_not_null(name, after)
    elif new["not_null"] and not old["not_null"]:
        yield Difference("columns", f"{name} is now NOT NULL")
    elif old["not_null"] and not new["not_null"]:
        yield Difference("columns", f"{name} may now be NULL")


def _now_not_null(name: str, after: Model) -> Difference:
    reason = "existing rows may have NULL" if is_streaming(after) else None
    return Difference("columns", f"{name} is now NOT NULL", _refresh_for(after, "full_refresh"), reason)


def _type_difference(old: Model, new: Model, before: Model, after: Model) -> Difference:
    detail = f"`{new['name']}`: {old['type']} -> {new['type']}"
    if not is_streaming(after):
        return Difference("columns", detail)
    if is_widening(old["type"], new["type"]):
        if widens_types(before) and widens_types(after):
            return Difference("columns", detail)
        reason = "the type is wider, but the deployed table does not have `delta.enableTypeWidening`"
        return Difference("columns", detail, "full_refresh", reason)
    return Difference("columns", detail, "full_refresh", "existing rows do not fit the type")


def _compare_quarantine(before: Model, after: Model) -> Iterator[Difference]:
    if before["quarantine"] and not after["quarantine"]:
        reason = f"`{quarantine_table(before['dataset'])}` is dropped with its rows"
        yield Difference("quarantine", "dropped rows are no longer kept", "incremental", reason, True)
    elif after["quarantine"] and not before["quarantine"]:
        yield Difference("quarantine", f"`{quarantine_table(after['dataset'])}` keeps dropped rows")


def _compare_relationships(before: Model, after: Model) -> Iterator[Difference]:
    yield from _compare_unnamed("relationships", before["relationships"], after["relationships"])


def _compare_other_fields(before: Model, after: Model) -> Iterator[Difference]:
    """Compare the fields without a rule; a field that is not in the deployed manifest is no difference."""
    ruled = _NOT_DEPLOYED | _HAS_A_RULE | _HAS_A_RULE_TOO | {"key_verdict", "further_keys"}
    for name in sorted({*before, *after} - ruled):
        if name in before and before[name] != after.get(name):
            yield Difference(name, f"{_value_text(before[name])} -> {_value_text(after.get(name))}")


def _compare_named(
    aspect: str, old: list[Model], new: list[Model], key: str, reason: str | None
) -> Iterator[Difference]:
    """The differences of lists whose items have names."""
    before, after = {item[key]: item for item in old}, {item[key]: item for item in new}
    for name in before:
        if name not in after:
            yield Difference(aspect, f"`{name}` removed", "incremental", reason)
    for name, item in after.items():
        if name not in before:
            yield Difference(aspect, f"`{name}` added", "incremental", reason)
        elif before[name] != item:
            parts = [
                f"{field} {_value_text(before[name].get(field))} -> {_value_text(item.get(field))}"
                for field in item
                if before[name].get(field) != item.get(field)
            ]
            yield Difference(aspect, f"`{name}`: {', '.join(parts)}", "incremental", reason)


def _compare_unnamed(aspect: str, old: list[Model], new: list[Model]) -> Iterator[Difference]:
    for relationship in old:
        if relationship not in new:
            yield Difference(aspect, f"no longer {_relationship_text(relationship)}")
    for relationship in new:
        if relationship not in old:
            yield Difference(aspect, _relationship_text(relationship))


def _relationship_text(relationship: Model) -> str:
    pairs = ", ".join(f"{ours} = {theirs}" for ours, theirs in relationship["on"].items())
    return f"{relationship['cardinality']} from `{relationship['parent']}` to `{relationship['child']}` on {pairs}"


def _compare_mapping(aspect: str, old: Model, new: Model) -> Iterator[Difference]:
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield Difference(aspect, f"`{name}`: {_value_text(old.get(name))} -> {_value_text(new.get(name))}")


def _value_text(value: Any) -> str:
    if value is None or value in ([], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
