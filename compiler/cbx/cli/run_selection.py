"""From selectors to the tables that ``cbx run`` updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.cli.selection import Selection, chosen, graph_of
from cbx.project.dataset_names import quarantine_table

if TYPE_CHECKING:
    from cbx.compiler import Compilation
    from cbx.stages.plan import Plan


def selected_datasets(compilation: Compilation, selection: Selection) -> frozenset[str] | None:
    """The datasets of a compiled project that are selected, in small letters; None if nothing was said.

    With a model come the tables of its notebook and the checks that read nothing else; the names of checks and of
    quarantine tables select too.
    """
    plan = compilation.plan
    if plan is None or not (selection.include or selection.exclude):
        return None
    beside = {name.lower() for name in (*plan.check_names, *_quarantines(plan).values())}
    include = [word for text in selection.include for word in text.split()]
    exclude = [word for text in selection.exclude for word in text.split()]
    named = {word.lower() for word in include} & beside
    selectors = [word for word in include if word.lower() not in beside]
    if selectors or not named:
        left_out = [word for word in exclude if word.lower() not in beside]
        ids = frozenset(chosen(graph_of(compilation), Selection(selectors, left_out, selection.state_manifest)))
        named |= _datasets(plan, ids)
    return frozenset(named - {word.lower() for word in exclude})


def _datasets(plan: Plan, ids: frozenset[str]) -> set[str]:
    quarantines = _quarantines(plan)
    names: list[str | None] = []
    for one in plan.models:
        if one.model.id in ids:
            names += [one.model.dataset, one.changes_view, quarantines.get(one.model.id)]
    names += [one.name for one in plan.key_checks if one.model in ids]
    names += [one.name for one in plan.relationship_checks if {one.child, one.parent} <= ids]
    return {name.lower() for name in names if name is not None}


def _quarantines(plan: Plan) -> dict[str, str]:
    """The tables of the dropped rows, by model."""
    return {one.model.id: quarantine_table(one.model.dataset) for one in plan.models if one.model.quarantine}
