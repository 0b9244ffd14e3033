"""Selects the tables that ``cbx run`` refreshes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.cli.selection import SelectionOptions, read_graph, select_nodes
from cbx.project.dataset_names import quarantine_table

if TYPE_CHECKING:
    from cbx.compiler import Compilation
    from cbx.stages.plan import KeyCheck, MeasureCheck, Plan


def select_datasets(compilation: Compilation, selection: SelectionOptions) -> frozenset[str] | None:
    """The selected datasets of a project, in lower case; None if there are no selectors.

    A model selects the tables of its notebook, a flow that of its target, and the checks that read no other models. The
    names of checks and of quarantine tables are selectors, too.
    """
    plan = compilation.plan
    if plan is None or not (selection.include or selection.exclude):
        return None
    side_tables = {name.lower() for name in (*plan.check_names, *_quarantine_tables(plan).values())}
    include = [word for text in selection.include for word in text.split()]
    exclude = [word for text in selection.exclude for word in text.split()]
    named = {word.lower() for word in include} & side_tables
    selectors = [word for word in include if word.lower() not in side_tables]
    if selectors or not named:
        excluded = [word for word in exclude if word.lower() not in side_tables]
        options = SelectionOptions(selectors, excluded, selection.state_manifest)
        ids = frozenset(select_nodes(read_graph(compilation), options))
        named |= _datasets(plan, ids)
    return frozenset(named - {word.lower() for word in exclude})


def _datasets(plan: Plan, ids: frozenset[str]) -> set[str]:
    quarantines = _quarantine_tables(plan)
    names: list[str | None] = []
    for planned in plan.models:
        if planned.model.id in ids:
            table = planned.target or planned.model
            names += [table.dataset, planned.changes_view, quarantines.get(table.id)]
    checks: tuple[KeyCheck | MeasureCheck, ...] = (*plan.key_checks, *plan.measure_checks)
    names += [check.name for check in checks if check.model in ids]
    names += [test.name for test in plan.data_tests if {*test.models} <= ids]
    names += [check.name for check in plan.relationship_checks if {*check.models} <= ids]
    return {name.lower() for name in names if name is not None}


def _quarantine_tables(plan: Plan) -> dict[str, str]:
    """The quarantine tables by model."""
    models = [planned.model for planned in plan.models if planned.model.quarantine]
    return {model.id: quarantine_table(model.dataset) for model in models}
