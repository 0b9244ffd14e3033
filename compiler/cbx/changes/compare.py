"""Compares what is deployed with what was compiled."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from cbx.changes.change_plan import Action, ChangePlan, Deployed, Difference, ModelChange
from cbx.changes.flow_differences import flows_by_target
from cbx.changes.model_differences import RESTARTED, model_differences
from cbx.changes.owner_differences import compare_owners
from cbx.changes.setting_differences import setting_differences, setting_text
from cbx.changes.tables import (
    Model,
    fill_variables,
    forbids_full_refresh,
    is_flow,
    is_sink,
    is_streaming,
    is_table,
    loses_history,
    old_snapshots,
    source_name,
    streamed_inputs,
)

_REQUESTED = Difference("full refresh", "requested", "full_refresh")
_LEFT_OVER = Difference("full refresh", "still due from an earlier deployment", "full_refresh")
_STAYS = "it stays in the workspace: delete it there when its tables have moved"
_NO_MODELS: Mapping[str, Any] = {"models": {}, "checks": [], "artifacts": {}, "project": {}}


def compare_manifests(before: Deployed | None, after: Deployed, asked: Collection[str] = ()) -> ChangePlan:
    """What a deployment changes.

    Args:
        before: What is deployed; None if nothing is deployed.
        after: What was compiled.
        asked: Models to refresh fully in any case.

    Example:
        ``compare_manifests(deployed, compiled).full_refresh``: the models that need a full refresh.
    """
    old, new = (before.manifest if before else _NO_MODELS), after.manifest
    changed = {
        name: [
            *_own_differences(old["models"][name], new["models"][name]),
            *_source_differences(name, before, after),
            *compare_owners(name, before, after),
        ]
        for name in _models_in_both(old, new)
    }
    due = before.due if before else ()
    changes = [_removal(name, old["models"][name]) for name in old["models"] if name not in new["models"]]
    changes += [_addition(name, model) for name, model in new["models"].items() if name not in old["models"]]
    requested = {name: [*changed[name], *((_REQUESTED,) if name in asked else ())] for name in changed}
    flows = flows_by_target(new["models"])
    for name, differences in _add_restarted_readers(requested, old, new, flows).items():
        model = new["models"][name]
        filled_by = [model, *(new["models"][flow] for flow in flows.get(name, ()))]
        everything = list(_add_full_refresh_costs(differences, old["models"][name], filled_by))
        if name in due and not any(difference.refresh == "full_refresh" for difference in differences):
            everything.append(_LEFT_OVER)
        if everything:
            action: Action = "change" if changed[name] else "refresh"
            changes.append(ModelChange(name, model["kind"], action, tuple(everything)))
    return ChangePlan(
        is_first=before is None,
        models=tuple(sorted(changes, key=lambda change: change.model)),
        settings=tuple(setting_differences(before.settings, after.settings)) if before else (),
        checks=tuple(_check_differences(old, new)) if before else (),
        project=tuple(_project_differences(old, new)) if before else (),
    )


def _models_in_both(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [name for name in new["models"] if name in old["models"]]


def _addition(name: str, model: Model) -> ModelChange:
    return ModelChange(name, model["kind"], "add", (Difference("model", f"new {model['kind']}"),))


def _removal(name: str, model: Model) -> ModelChange:
    if not is_table(model):
        reason = f"what it has written stays in `{model['flow']['into']}`" if is_flow(model) else None
        return ModelChange(name, model["kind"], "remove", (Difference("model", "removed", "none", reason),))
    reason = f"the next update drops `{model['dataset']}` with its rows"
    gone = Difference("model", "removed", "none", reason, is_destructive=True)
    return ModelChange(name, model["kind"], "remove", (gone,))


def _own_differences(before: Model, after: Model) -> list[Difference]:
    differences = list(model_differences(before, after))
    if not differences and before["artifact_hash"] != after["artifact_hash"]:
        differences.append(Difference("notebook", "the model is the same, the generated code differs"))
    return differences


def _source_differences(name: str, before: Deployed | None, after: Deployed) -> Iterator[Difference]:
    """The inputs whose paths, tables or topics contain variables with new values."""
    if before is None:
        return
    old, new = before.manifest["models"][name], after.manifest["models"][name]
    project = after.manifest["project"].get("name", "")
    for source in new["inputs"]:
        place = source.get("path") or source.get("table") or source.get("name")
        if place is None or source not in old["inputs"]:
            continue
        was, will_be = fill_variables(place, before.settings, project), fill_variables(place, after.settings, project)
        if was != will_be:
            streams = is_streaming(new) and source["mode"] == "stream"
            reason = "its rows come from another source" if streams else None
            aspect = "stream" if source["mode"] == "stream" else "inputs"
            if aspect == "stream" and is_sink(new):
                reason = RESTARTED
            yield Difference(aspect, f"`{was}` -> `{will_be}`", "full_refresh" if streams else "incremental", reason)


def _add_restarted_readers(
    changed: Mapping[str, list[Difference]],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    flows: Mapping[str, Sequence[str]],
) -> dict[str, list[Difference]]:
    """Add a full refresh for tables that stream from a table that is recomputed.

    A stream remembers how far it has read. It would read all rows of a recomputed table a second time, or fail, so its
    own table needs a full refresh too.
    """
    by_model = {name: list(differences) for name, differences in changed.items()}
    restarted = {name for name in by_model if _starts_over(by_model[name], old["models"][name])}
    waiting = [name for name in by_model if name not in restarted]
    while True:
        reached = {
            name: source
            for name in waiting
            if (source := _restarted_source(new["models"][name], flows.get(name, ()), restarted))
        }
        if not reached:
            return by_model
        for name, source in reached.items():
            if is_streaming(new["models"][name]):
                by_model[name].append(_restart(source, new["models"][source]))
            elif is_sink(new["models"][name]):
                detail = _restart(source, new["models"][source]).detail
                by_model[name].append(Difference("upstream", detail, "incremental", RESTARTED))
        restarted |= set(reached)
        waiting = [name for name in waiting if name not in reached]


def _restart(source: str, model: Model) -> Difference:
    """The full refresh of a table, because a table that it streams from, or a flow into it, starts over."""
    if is_flow(model):
        reason = "what the flow has written would be added again"
        return Difference("flow", f"`{source}` starts over", "full_refresh", reason)
    reason = "it streams from a table that is recomputed"
    return Difference("upstream", f"`{source}` is refreshed fully", "full_refresh", reason)


def _starts_over(differences: list[Difference], model: Model) -> bool:
    """Whether streams that read the model need a full refresh; a view has the state of its own inputs."""
    if not is_table(model):
        return any(difference.aspect == "stream" for difference in differences)
    restarting = {"full_refresh", "recreate"}
    return any(difference.refresh in restarting or difference.aspect == "dataset" for difference in differences)


def _restarted_source(model: Model, flows: Sequence[str], restarted: set[str]) -> str | None:
    sources = [*(source.get("model") for source in streamed_inputs(model)), *flows]
    return next((source for source in sources if source in restarted), None)


def _add_full_refresh_costs(
    differences: list[Difference], before: Model, filled_by: Sequence[Model]
) -> Iterator[Difference]:
    """Add what prevents a full refresh that is needed, and what it loses; flows fill a table beside its own query."""
    yield from differences
    if not any(difference.refresh == "full_refresh" for difference in differences):
        return
    if forbids_full_refresh(before) or forbids_full_refresh(filled_by[0]):
        reason = "this property prevents a full refresh: remove it first"
        yield Difference("full refresh", "`pipelines.reset.allowed` is false", "full_refresh", reason, True)
    if loses_history(before):
        reason = "the earlier versions of its rows are lost: its input has the current rows only"
        yield Difference("full refresh", "starts the history again", "full_refresh", reason, True)
    streamed = [source for model in filled_by for source in streamed_inputs(model) if "model" not in source]
    streamed += old_snapshots(filled_by[0])
    if streamed:
        sources = ", ".join(map(source_name, streamed))
        reason = "rows that the source no longer has are lost"
        yield Difference("full refresh", f"reads {sources} again from the start", "full_refresh", reason, True)


def _check_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    before, after = ({check["name"]: check for check in side["checks"]} for side in (old, new))
    for name in before:
        if name not in after:
            yield Difference("check", f"`{name}` removed", "none")
    for name, check in after.items():
        if name not in before:
            yield Difference("check", f"`{name}` added")
        elif before[name] != check or _artifact_hash(old, before[name]) != _artifact_hash(new, check):
            yield Difference("check", f"`{name}` changed")


def _artifact_hash(manifest: Mapping[str, Any], check: Mapping[str, Any]) -> str | None:
    digest = manifest["artifacts"].get(check.get("artifact"))
    return None if digest is None else str(digest)


def _project_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    yield from _pipeline_differences(old.get("pipelines", {}), new.get("pipelines", {}))
    for name in sorted({*old["project"], *new["project"]}):
        if old["project"].get(name) != new["project"].get(name):
            yield Difference(
                name, f"{setting_text(old['project'].get(name))} -> {setting_text(new['project'].get(name))}"
            )


def _pipeline_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in old:
        if name not in new:
            yield Difference("pipelines", f"`{name}` removed", "none", _STAYS)
    for name, pipeline in new.items():
        if name not in old:
            yield Difference("pipelines", f"`{name}` added")
        elif old[name] != pipeline:
            yield Difference("pipelines", f"`{name}` is updated after {setting_text(pipeline['after'])}")
    if new and not old:
        yield Difference("pipelines", "the pipeline of the whole project removed", "none", _STAYS)
