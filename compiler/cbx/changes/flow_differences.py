"""What a change of a flow asks of its target, which keeps the rows that the flow has written.

A flow remembers by its name how far it has read. A new name is a new flow, which reads its inputs from the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cbx.changes.change_plan import Difference
from cbx.changes.tables import Model, is_flow, streamed_inputs

RUNS_ONCE = "it has run: only a full refresh of its target runs it again"
WRITE_A_FLOW = "its rows come from another source; write a flow into it instead, and existing rows stay"
STARTS_OVER = "it cannot continue: its target is refreshed fully; a flow with another name keeps existing rows"


def compare_flows(before: Model, after: Model) -> Iterator[Difference]:
    """The differences of two flows of one name."""
    if not (is_flow(before) and is_flow(after)):
        return
    old, new = before["flow"], after["flow"]
    if old["into"] != new["into"]:
        yield Difference("into", f"`{old['into']}` -> `{new['into']}`", "incremental", what_stays(old["into"]))
    if old["once"] != new["once"]:
        detail = "it runs once now" if new["once"] else "it is a stream now"
        yield Difference("stream", detail, "incremental", STARTS_OVER)


def what_stays(target: str) -> str:
    """What becomes of the rows of a flow that no longer writes into its target."""
    return f"what it has written stays in `{target}` until a full refresh"


def reads_the_same(flow: Model, other: Model) -> bool:
    """Whether a flow was only renamed, or has become the query of its target."""
    return bool(flow["code_hash"] == other["code_hash"] and flow["inputs"] == other["inputs"])


def written_again(flow: Model, removed: Mapping[str, Model]) -> str | None:
    """The flow that is removed and has written the rows that a new flow reads from the start; None if there is none."""
    return next(
        (
            name
            for name, other in removed.items()
            if is_flow(other) and is_flow(flow) and other["flow"] == flow["flow"] and reads_the_same(other, flow)
        ),
        None,
    )


def flows_by_target(models: Mapping[str, Any]) -> dict[str, list[str]]:
    """The flows of a manifest, by the models whose tables they fill."""
    flows: dict[str, list[str]] = {}
    for name, model in models.items():
        if is_flow(model):
            flows.setdefault(model["flow"]["into"], []).append(name)
    return flows


def _place(source: Model) -> str:
    """The name of an input in the lineage of columns."""
    return str(next(source[word] for word in ("model", "table", "path", "name") if word in source))


def _topics(source: Model) -> frozenset[str]:
    """The topics of a streaming service that an input reads."""
    return frozenset(filter(None, source.get("name", "").partition(":")[2].split(",")))


def _adds_topics(source: Model, stream: Model) -> bool:
    """Whether an input reads the topics of a stream and more."""
    topics = _topics(stream)
    return bool(topics) and topics < _topics(source) and stream["format"] == source["format"]


def grows_by(source: Model, before: Model, after: Model) -> bool:
    """Whether a query only has one stream more, whose rows it adds to the others, as UNION ALL does, or one topic more.

    A join takes each column from one side. Where no origin of a column is known, a union is assumed.
    """
    streams = streamed_inputs(before)
    if any(_adds_topics(source, stream) for stream in streams):
        return True
    if not streams or any(stream not in after["inputs"] for stream in streams):
        return False
    old, new = {_place(stream) for stream in streams}, _place(source)
    origins = [{table for table, _ in column["lineage"]} for column in after["columns"] if column["lineage"]]
    return not origins or any(new in tables and tables & old for tables in origins)
