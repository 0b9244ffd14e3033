"""What tests exercised: models that ran, expectations that rows met or broke, kinds of changes that were applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbx.testing.project.compiled_project import CompiledChanges, CompiledModel

MET, BROKEN = "met", "broken"

Part = tuple[str, ...]
"""A model is ``(id,)``, a side of an expectation ``(id, name, met or broken)``, a kind of change ``(id, kind)``."""


@dataclass(slots=True)
class Exercised:
    """The parts of a project that tests have exercised so far.

    Attributes:
        parts: The parts.
        skipped: Models that a test could not run on its engine, with the reason.
    """

    parts: set[Part] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)

    def add_model(self, model: str, rules: Sequence[tuple[str, int, int]], kinds: Sequence[str]) -> None:
        """Record a run of a model.

        Args:
            model: Its id.
            rules: Each expectation with how many rows met it and how many broke it.
            kinds: The kinds of changes that were applied.
        """
        self.parts.add((model,))
        for name, met, broken in rules:
            self.parts |= {(model, name, side) for side, count in ((MET, met), (BROKEN, broken)) if count}
        self.parts |= {(model, kind) for kind in kinds}

    def add_skipped(self, models: Iterable[str], reason: str) -> None:
        """Record models whose test was skipped; the first reason of each is kept."""
        for model in models:
            self.skipped.setdefault(model, reason)

    def to_data(self) -> dict[str, Any]:
        """JSON data, to send to another process."""
        return {"parts": [list(part) for part in sorted(self.parts)], "skipped": self.skipped}

    def add_data(self, data: Mapping[str, Any]) -> None:
        """Add what another process has recorded."""
        self.parts |= {tuple(part) for part in data["parts"]}
        for model, reason in data["skipped"].items():
            self.add_skipped([model], reason)


KINDS: Mapping[str, str] = {
    "update": "a newer change of an existing row",
    "late": "a change that arrives after a newer one of the same row",
    "delete": "a change that deletes",
    "truncate": "a change that empties the table",
    "ignored null": "a NULL that leaves a value as it was",
    "untracked": "a change of columns without history only",
}
"""The kinds of changes, which AUTO CDC applies in different ways."""


def possible_kinds(changes: CompiledChanges | None) -> tuple[str, ...]:
    """The kinds of changes that a declaration distinguishes."""
    if changes is None:
        return ()
    optional = {
        "delete": changes.deletes is not None,
        "truncate": changes.truncates is not None,
        "ignored null": changes.ignores_nulls,
        "untracked": bool(changes.tracked or changes.untracked),
    }
    if not changes.sequence_by:
        optional["delete"] = True
    first = ("update", "late") if changes.sequence_by else ("update",)
    return (*first, *(kind for kind, is_declared in optional.items() if is_declared))


@dataclass(slots=True)
class ChangeKinds:
    """Finds the kinds of changes, which are added in the order of their arrival.

    Attributes:
        model: The model that applies them.
        kinds: The kinds so far.
    """

    model: CompiledModel
    kinds: set[str] = field(default_factory=set)
    _newest: dict[Any, tuple[Any, dict[str, Any]]] = field(default_factory=dict)

    def add_change(self, row: dict[str, Any], *, deletes: bool, truncates: bool) -> None:
        """Add the next change."""
        changes = self.model.changes
        if changes is None:
            return
        if truncates:
            self.kinds.add("truncate")
            return
        if deletes:
            self.kinds.add("delete")
        key = repr([row.get(name) for name in self.model.key])
        sequence = [row.get(name) for name in changes.sequence_by]
        newest = self._newest.get(key)
        if newest is not None and None not in sequence and sequence < newest[0]:
            self.kinds.add("late")
            return
        if newest is not None and not deletes:
            self._add_update(newest[1], row, changes)
        self._newest[key] = (sequence, row)

    def _add_update(self, before: dict[str, Any], after: dict[str, Any], changes: CompiledChanges) -> None:
        self.kinds.add("update")
        never_ignored = {*self.model.key, *changes.sequence_by}
        if changes.ignores_nulls and any(
            before[name] is not None and after.get(name) is None for name in before if name not in never_ignored
        ):
            self.kinds.add("ignored null")
        changed = {name for name in before if name not in self.model.key and before[name] != after.get(name)}
        has_history = changed & set(changes.tracked) if changes.tracked else changed - set(changes.untracked)
        if changed and (changes.tracked or changes.untracked) and not has_history:
            self.kinds.add("untracked")
