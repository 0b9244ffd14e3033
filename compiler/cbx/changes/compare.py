"""Compares what is deployed with what was compiled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cbx.changes.change_plan import Action, ChangePlan, Deployed, Difference, ModelChange
from cbx.changes.flow_differences import flows_by_target, what_stays, written_again
from cbx.changes.input_pairs import pair_inputs
from cbx.changes.model_differences import RESTARTED, model_differences
from cbx.changes.owner_differences import compare_owners
from cbx.changes.refresh_costs import refresh_costs
from cbx.changes.renamed_models import renamed_models, with_new_ids
from cbx.changes.setting_differences import setting_differences, setting_text
from cbx.changes.tables import (
    Model,
    fill_variables,
    is_flow,
    is_sink,
    is_streaming,
    is_table,
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
    new = after.manifest
    ids = renamed_models(before.manifest["models"], new["models"]) if before else {}
    before = with_new_ids(before, ids) if before else None
    old = before.manifest if before else _NO_MODELS
    changed: dict[str, list[Difference]] = {
        name: [
            *(_renaming(previous) for previous, renamed in ids.items() if renamed == name),
            *_own_differences(old["models"][name], new["models"][name]),
            *_source_differences(name, before, after),
            *compare_owners(name, before, after),
        ]
        for name in _models_in_both(old, new)
    }
    due = before.due if before else ()
    removed = {name: model for name, model in old["models"].items() if name not in new["models"]}
    changes = [_removal(name, model) for name, model in removed.items()]
    changes += [_addition(name, model, removed) for name, model in new["models"].items() if name not in old["models"]]
    requested = {name: [*changed[name], *((_REQUESTED,) if name in asked else ())] for name in changed}
    flows = flows_by_target(new["models"])
    for name, differences in _add_restarted_readers(requested, old, new, flows).items():
        model = new["models"][name]
        costs = refresh_costs(name, old["models"], new["models"]) if _needs_full_refresh(differences) else ()
        everything = [*differences, *costs]
        if name in due and not _needs_full_refresh(differences):
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


def _needs_full_refresh(differences: Iterable[Difference]) -> bool:
    return any(difference.refresh == "full_refresh" for difference in differences)


def _models_in_both(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [name for name in new["models"] if name in old["models"]]


def _renaming(previous: str) -> Difference:
    return Difference("model", f"renamed from `{previous}`", "none", "its dataset has the same name, so its rows stay")


def _addition(name: str, model: Model, removed: Mapping[str, Model]) -> ModelChange:
    renamed = written_again(model, removed)
    reason = f"what `{renamed}` has written stays until a full refresh, and is added again" if renamed else None
    return ModelChange(name, model["kind"], "add", (Difference("model", f"new {model['kind']}", reason=reason),))


def _removal(name: str, model: Model) -> ModelChange:
    if not is_table(model):
        reason = what_stays(model["flow"]["into"]) if is_flow(model) else None
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
    for _, source in pair_inputs(old["inputs"], new["inputs"]).both:
        place = source.get("path") or source.get("table") or source.get("name")
        if place is None:
            continue
        was, will_be = (
            fill_variables(place, side.settings, side.manifest["project"].get("name", "")) for side in (before, after)
        )
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
                by_model[name].append(_restart(source, old["models"][source], new["models"][source]))
            elif is_sink(new["models"][name]):
                detail = _restart(source, old["models"][source], new["models"][source]).detail
                by_model[name].append(Difference("upstream", detail, "incremental", RESTARTED))
        restarted |= set(reached)
        waiting = [name for name in waiting if name not in reached]


def _restart(source: str, before: Model, model: Model) -> Difference:
    """The full refresh of a table, because a table that it streams from, or a flow into it, starts over."""
    if is_table(before) != is_table(model):
        reason = "it streams from another table than before"
        return Difference("upstream", f"`{source}` is a {model['kind']} now", "full_refresh", reason)
    if is_flow(model):
        reason = "what the flow has written would be added again"
        return Difference("flow", f"`{source}` starts over", "full_refresh", reason)
    reason = "it streams from a table that is recomputed"
    return Difference("upstream", f"`{source}` is refreshed fully", "full_refresh", reason)


def _starts_over(differences: list[Difference], model: Model) -> bool:
    """Whether streams that read the model need a full refresh; a view has the state of its own inputs."""
    if not is_table(model):
        return any(difference.aspect in {"stream", "kind"} for difference in differences)
    restarting = {"full_refresh", "recreate"}
    return any(difference.refresh in restarting or difference.aspect == "dataset" for difference in differences)


def _restarted_source(model: Model, flows: Sequence[str], restarted: set[str]) -> str | None:
    sources = [*(source.get("model") for source in streamed_inputs(model)), *flows]
    return next((source for source in sources if source in restarted), None)


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
