"""What tests exercised of a project: models that ran, rules that were met and broken, and kinds of changes applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbx.testing.project.compiled_project import Changes, CompiledModel

MET, BROKEN = "met", "broken"

Part = tuple[str, ...]
"""A model, as ``(id,)``; one side of a rule, as ``(id, rule, met or broken)``; a kind of change, as ``(id, kind)``."""


@dataclass(slots=True)
class Exercised:
    """The parts of a project that tests have exercised so far.

    Attributes:
        parts: The parts.
        skipped: Models that a test could not run on its engine, each with the reason.
    """

    parts: set[Part] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)

    def add_model(self, model: str, rules: Sequence[tuple[str, int, int]], kinds: Sequence[str]) -> None:
        """Note a run of a model.

        Args:
            model: Its id.
            rules: Each rule with the rows that met it and those that broke it.
            kinds: The kinds of changes that were applied.
        """
        self.parts.add((model,))
        for name, met, broken in rules:
            self.parts |= {(model, name, side) for side, count in ((MET, met), (BROKEN, broken)) if count}
        self.parts |= {(model, kind) for kind in kinds}

    def add_skipped(self, models: Iterable[str], reason: str) -> None:
        """Note models that a test was to run and did not; the first reason of each is kept."""
        for model in models:
            self.skipped.setdefault(model, reason)

    def to_data(self) -> dict[str, Any]:
        """As JSON has it, for a process to tell another."""
        return {"parts": [list(part) for part in sorted(self.parts)], "skipped": self.skipped}

    def add_data(self, data: Mapping[str, Any]) -> None:
        """Take in what another process has noted."""
        self.parts |= {tuple(part) for part in data["parts"]}
        for model, reason in data["skipped"].items():
            self.add_skipped([model], reason)


KINDS: Mapping[str, str] = {
    "update": "a newer change of a row that is there",
    "late": "a change that arrives after a newer one of the same row",
    "delete": "a change that deletes",
    "truncate": "a change that empties the table",
    "ignored null": "a NULL that leaves a value as it was",
    "untracked": "a change of columns without history only",
}
"""The kinds of changes, each of which takes another way through AUTO CDC."""


def possible_kinds(changes: Changes | None) -> tuple[str, ...]:
    """The kinds that a declaration tells apart."""
    if changes is None:
        return ()
    optional = {
        "delete": changes.deletes is not None,
        "truncate": changes.truncates is not None,
        "ignored null": changes.ignores_nulls,
        "untracked": bool(changes.tracked or changes.untracked),
    }
    return ("update", "late", *(kind for kind, is_declared in optional.items() if is_declared))


@dataclass(slots=True)
class ChangesSeen:
    """Tells the kinds of changes by looking at them in the order in which they arrive.

    Attributes:
        kinds: What was seen so far.
    """

    model: CompiledModel
    kinds: set[str] = field(default_factory=set)
    _newest: dict[Any, tuple[Any, dict[str, Any]]] = field(default_factory=dict)

    def look_at(self, row: dict[str, Any], *, deletes: bool, truncates: bool) -> None:
        """Look at the next change."""
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
        known = self._newest.get(key)
        if known is not None and None not in sequence and sequence < known[0]:
            self.kinds.add("late")
            return
        if known is not None and not deletes:
            self._compare(known[1], row, changes)
        self._newest[key] = (sequence, row)

    def _compare(self, before: dict[str, Any], after: dict[str, Any], changes: Changes) -> None:
        self.kinds.add("update")
        own = {*self.model.key, *changes.sequence_by}
        if changes.ignores_nulls and any(
            before[name] is not None and after.get(name) is None for name in before if name not in own
        ):
            self.kinds.add("ignored null")
        changed = {name for name in before if name not in self.model.key and before[name] != after.get(name)}
        has_history = changed & set(changes.tracked) if changes.tracked else changed - set(changes.untracked)
        if changed and (changes.tracked or changes.untracked) and not has_history:
            self.kinds.add("untracked")
