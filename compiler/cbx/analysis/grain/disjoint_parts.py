"""Finds unions of parts of one table that have no row in common: ``WHERE amount > 0`` and ``WHERE amount <= 0``."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Ids
from cbx.analysis.relation.disjoint_values import are_disjoint
from cbx.analysis.relation.relations import Relation
from cbx.analysis.relation.uniqueness import ValueFact

_COLUMN = re.compile(r"#(\d+)")


def keys_of_disjoint_parts(inputs: Sequence[Relation]) -> list[Ids]:
    """Positions that hold a key of the table that all inputs are parts of, where no two of them share a row."""
    parts = [_filtered_table(relation) for relation in inputs]
    tables = [part for part in parts if part is not None]
    if len(tables) < len(parts) or len({part.scan.table.name for part in tables}) > 1:
        return []
    if not all(_are_disjoint(first, second) for at, first in enumerate(tables) for second in tables[at + 1 :]):
        return []
    keys = []
    for key in tables[0].scan.table.keys:
        choices = {
            tuple(part.position(name, branch) for name in key) for part, branch in zip(tables, inputs, strict=True)
        }
        if len(choices) == 1:
            positions = choices.pop()
            keys += (
                [frozenset(position for position in positions if position is not None)] if None not in positions else []
            )
    return keys


@dataclass
class _FilteredTable:
    """Rows of a table that fulfil conditions. The columns are numbered as in the relation that has the condition."""

    scan: ir.Scan
    offset: int
    predicates: list[tuple[ir.Predicate, int]] = dataclasses.field(default_factory=list)

    def position(self, name: str, branch: Relation) -> int | None:
        """Where a relation shows a column of the table."""
        wanted = {field.id + self.offset for field in self.scan.fields if field.name.lower() == name.lower()}
        return next((at for at, field in enumerate(branch.fields) if field.id in wanted), None)

    def facts(self) -> Mapping[str, list[ValueFact]]:
        """The facts about the values of each of the table's columns that follow from the conditions."""
        facts: dict[str, list[ValueFact]] = {}
        for predicate, offset in self.predicates:
            fact = _value_fact(predicate)
            name = self.names_by_id(offset).get(fact.column) if fact is not None else None
            if fact is not None and name is not None:
                facts.setdefault(name, []).append(fact)
        return facts

    def conditions(self) -> set[tuple[str, bool]]:
        """Other conditions, by the names of the columns, and whether they are negated."""
        texts = set()
        for predicate, offset in self.predicates:
            if isinstance(predicate, ir.Condition) and predicate.signature and predicate.is_deterministic:
                text = _replace_ids_by_names(predicate.signature, self.names_by_id(offset))
                texts |= {(text, predicate.is_negated)} if text is not None else set()
        return texts

    def names_by_id(self, offset: int) -> Mapping[int, str]:
        """The table's columns by the numbers that a condition has for them."""
        return {field.id + self.offset - offset: field.name.lower() for field in self.scan.fields}


def _filtered_table(relation: Relation) -> _FilteredTable | None:
    """The table and the conditions; None if the relation is not a selection of rows of one table."""
    predicates: list[tuple[ir.Predicate, int]] = []
    offset = 0
    at = relation
    while not isinstance(at, ir.Scan):
        match at:
            case ir.Filter():
                predicates += [(predicate, offset) for predicate in at.predicates]
            case ir.Copy(offset=added):
                offset += added
            case ir.Projection():
                pass
            case _:
                return None
        at = at.input
    return _FilteredTable(at, offset, predicates)


def _are_disjoint(first: _FilteredTable, second: _FilteredTable) -> bool:
    ours, theirs = first.facts(), second.facts()
    return bool(first.conditions() & {(text, not is_negated) for text, is_negated in second.conditions()}) or any(
        are_disjoint(facts, theirs[name]) for name, facts in ours.items() if name in theirs
    )


def _replace_ids_by_names(signature: str, names_by_id: Mapping[int, str]) -> str | None:
    columns = {int(number) for number in _COLUMN.findall(signature)}
    return (
        _COLUMN.sub(lambda match: f"#{names_by_id[int(match[1])]}", signature)
        if columns <= names_by_id.keys()
        else None
    )


def _value_fact(predicate: ir.Predicate) -> ValueFact | None:
    match predicate:
        case ir.Equal(ir.Reference(column), ir.Constant(str() as text)) | ir.Equal(
            ir.Constant(str() as text), ir.Reference(column)
        ):
            return ValueFact(column, "one of", frozenset({text}))
        case ir.OneOfValues(column, texts):
            return ValueFact(column, "one of", frozenset(texts))
        case ir.Comparison(column, kind, text):
            return ValueFact(column, kind, frozenset({text}))
        case ir.IsNull(column):
            return ValueFact(column, "one of", frozenset({None}))
        case ir.NotNull(column):
            return ValueFact(column, "not null", frozenset())
        case _:
            return None
