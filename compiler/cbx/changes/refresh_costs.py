"""What a full refresh of a table loses, and what prevents it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cbx.changes.change_plan import Difference
from cbx.changes.flow_differences import flows_by_target, reads_the_same
from cbx.changes.tables import (
    Model,
    forbids_full_refresh,
    is_flow,
    is_table,
    loses_history,
    old_snapshots,
    source_name,
    streamed_inputs,
)

Models = Mapping[str, Model]
_ASPECT = "full refresh"


def refresh_costs(name: str, old: Models, new: Models) -> Iterator[Difference]:
    """What prevents a full refresh of a model that is needed, and what it loses; flows fill a table beside its query.

    Args:
        name: The model, which is in both manifests.
        old: The models as deployed.
        new: The models as compiled.
    """
    before, after = old[name], new[name]
    if forbids_full_refresh(before) or forbids_full_refresh(after):
        reason = "this property prevents a full refresh: remove it first"
        yield Difference(_ASPECT, "`pipelines.reset.allowed` is false", "full_refresh", reason, True)
    if loses_history(before):
        reason = "the earlier versions of its rows are lost: its input has the current rows only"
        yield Difference(_ASPECT, "starts the history again", "full_refresh", reason, True)
    flows = flows_by_target(new).get(name, [])
    filled_by = [after, *(new[flow] for flow in flows)]
    outside = [source for model in filled_by for source in _read_from_outside(model, new)]
    sources = list(dict.fromkeys(map(source_name, (*outside, *old_snapshots(after)))))
    if sources:
        reason = "rows that the source no longer has are lost"
        yield Difference(_ASPECT, f"reads {', '.join(sources)} again from the start", "full_refresh", reason, True)
    for flow in flows_by_target(old).get(name, ()):
        if flow not in flows and not any(reads_the_same(old[flow], model) for model in filled_by):
            detail = f"`{flow}` no longer writes into it"
            yield Difference(_ASPECT, detail, "full_refresh", "the rows that it has written are lost", True)


def _read_from_outside(model: Model, models: Models) -> Iterator[Model]:
    """The inputs outside the project whose rows the model's table keeps; a view reads its own when it is read."""
    runs_once = is_flow(model) and model["flow"]["once"]
    for source in model["inputs"] if runs_once or _is_batch_view(model) else streamed_inputs(model):
        other = models.get(source.get("model", ""))
        if "model" not in source:
            yield source
        elif other is not None and not is_table(other):
            yield from _read_from_outside(other, models)


def _is_batch_view(model: Model) -> bool:
    return model["kind"] == "view" and not streamed_inputs(model)
