"""Gives each declared key its verdict."""

from __future__ import annotations

from cbx.diagnostics import Report
from cbx.ir.resolved import Connected, Proven, ResolvedModel, Verdict


def prove_keys(connected: Connected, report: Report) -> Proven:
    """From declared keys to verdicts.

    Before: ``silver.customers`` is the target of AUTO CDC by ``customer_id``. After: that key is proven, since
    AUTO CDC keeps one row of each key (of type 2, one that holds now). Every other key is unproven, and is
    checked on the data.
    """
    del report
    verdicts = {model.id: _verdict(model) for model in connected.models.values() if model.key}
    return Proven(connected.project, connected.models, connected.columns, connected.relationships, verdicts)


def _verdict(model: ResolvedModel) -> Verdict:
    return "proven" if model.cdc is not None else "unproven"
