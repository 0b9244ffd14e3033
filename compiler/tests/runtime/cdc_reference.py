"""AUTO CDC in plain Python: all the changes of a target at once, sorted and applied one after the other.

It is what the Databricks documentation says and nothing else: no state, no batches, no Spark. Where the
documentation is silent, `cbx.runtime.auto_cdc` says what was decided.
"""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One change row: what its flow's conditions say about it, and the values of the target's columns."""

    key: tuple[Any, ...]
    sequence: Any
    values: Row
    is_delete: bool = False
    is_truncate: bool = False
    ignored: frozenset[str] = frozenset()


def type_1(changes: list[Change]) -> dict[tuple[Any, ...], Row]:
    """Return the target's row of each key."""
    target: dict[tuple[Any, ...], Row] = {}
    ordered = sorted(changes, key=lambda each: each.sequence)
    for _, at_once in groupby(ordered, lambda each: each.sequence):
        tied = list(at_once)
        for key, values in upserts(tied).items():
            target[key] = apply_upsert(target.get(key), values)
        for change in tied:
            if change.is_truncate:
                target.clear()
            elif change.is_delete:
                target.pop(change.key, None)
    return target


def type_2(changes: list[Change], tracked: set[str]) -> list[tuple[tuple[Any, ...], Row, Any, Any]]:
    """Return the target's rows: key, values, start, end."""
    closed = []
    current: dict[tuple[Any, ...], tuple[Row, Any]] = {}
    ordered = sorted(changes, key=lambda each: each.sequence)
    for sequence, at_once in groupby(ordered, lambda each: each.sequence):
        tied = list(at_once)
        deleted = {change.key for change in tied if change.is_delete}
        closed += [(key, *current.pop(key), sequence) for key in deleted & current.keys()]
        for key, given in upserts([change for change in tied if change.key not in deleted]).items():
            old, start = current.get(key, (None, sequence))
            new = apply_upsert(old, given)
            if old is not None and any(old[name] != new[name] for name in tracked):
                closed.append((key, old, start, sequence))
                start = sequence
            current[key] = (new, start)
    return closed + [(key, values, start, None) for key, (values, start) in current.items()]


def upserts(tied: list[Change]) -> dict[tuple[Any, ...], tuple[Row, frozenset[str]]]:
    """Return one upsert for each key, of changes with the same sequence."""
    result: dict[tuple[Any, ...], tuple[Row, frozenset[str]]] = {}
    for change in tied:
        if change.is_delete or change.is_truncate:
            continue
        values = change.values
        if change.key in result:
            other = result[change.key][0]
            whole = max(values, other, key=lambda row: comparable(without(row, change.ignored)))
            greatest = {name: greater(values[name], other[name]) for name in change.ignored}
            values = {**whole, **greatest}
        result[change.key] = (values, change.ignored)
    return result


def apply_upsert(old: Row | None, given: tuple[Row, frozenset[str]]) -> Row:
    """Return the row after an upsert: NULL means "as before" in the ignored columns and in their fields."""
    new, ignored = given
    if old is None:
        return new
    return {name: overlaid(old[name], value) if name in ignored else value for name, value in new.items()}


def overlaid(old: Any, new: Any) -> Any:
    if new is None:
        return old
    if isinstance(new, dict) and old is not None:
        return {name: overlaid(old[name], value) for name, value in new.items()}
    return new


def greater(value: Any, other: Any) -> Any:
    if value is None or other is None:
        return other if value is None else value
    if isinstance(value, dict):
        return {name: greater(value[name], other[name]) for name in value}
    return max(value, other)


def without(row: Row, names: frozenset[str]) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def comparable(value: Any) -> Any:
    """Return a key to sort by: NULL first, the columns of a row by name, the fields of a struct in their order."""
    if isinstance(value, dict):
        return (1, [comparable(each) for _, each in sorted(value.items())])
    return (0, 0) if value is None else (1, value)
