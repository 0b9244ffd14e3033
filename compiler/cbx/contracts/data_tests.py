"""The data tests of a model as the quality rules and service levels of a contract, and back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from open_data_contract_standard.model import DataQuality, SchemaProperty, ServiceLevelAgreementProperty

from cbx.emit.literals import string_literal
from cbx.importing.sql.queries import escape_jinja

_ROWS: Final = ("SELECT count(*) FROM (", ")")
"""The query that counts the rows of a query, before and after it."""
_LATENCY: Final = "latency"
"""How the standard names the age of the newest rows."""
_UNITS: Final = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}


def export_column_tests(column: str, tests: Sequence[Mapping[str, Any]]) -> list[DataQuality]:
    """The rules of a column.

    Args:
        column: The column.
        tests: The data tests of its model, as the manifest has them.
    """
    own = [test for test in tests if str(test.get("column", "")).lower() == column.lower()]
    return [rule for test in own for rule in _column_rules(test)]


def _column_rules(test: Mapping[str, Any]) -> Iterator[DataQuality]:
    common = {"type": "library", "severity": _severity(test)}
    if test["test"] == "accepted_values":
        arguments = {"validValues": test["values"]}
        yield DataQuality(metric="invalidValues", mustBe=0, dimension="conformity", arguments=arguments, **common)
    elif test["test"] == "not_null" and test["at_least"] == 1:
        yield DataQuality(metric="nullValues", mustBe=0, dimension="completeness", **common)
    elif test["test"] == "not_null":
        most = round(100 * (1 - test["at_least"]), 9)
        yield DataQuality(
            metric="nullValues", unit="percent", mustBeLessOrEqualTo=most, dimension="completeness", **common
        )


def export_table_tests(tests: Sequence[Mapping[str, Any]]) -> Iterator[DataQuality]:
    """The rules of a table: its number of rows, and queries that return no rows."""
    for test in tests:
        if test["test"] == "row_count":
            limits = {"mustBeGreaterOrEqualTo": test["at_least"], "mustBeLessOrEqualTo": test["at_most"]}
            severity = _severity(test)
            yield DataQuality(type="library", metric="rowCount", dimension="completeness", severity=severity, **limits)
        elif test["test"] == "no_rows" and "${" not in test["query"]:
            query = test["query"].strip().join(_ROWS)
            severity, name = _severity(test), test["name"]
            yield DataQuality(name=name, type="sql", query=query, mustBe=0, dimension="consistency", severity=severity)


def export_freshness(table: str, tests: Sequence[Mapping[str, Any]]) -> Iterator[ServiceLevelAgreementProperty]:
    """How old the newest rows of a table may be.

    Args:
        table: The name of the table in the contract.
        tests: The data tests of its model.
    """
    for test in tests:
        if test["test"] == "freshness" and not test.get("source"):
            number, unit = test["within"].lower().split()
            element = f"{table}.{test['column']}"
            yield ServiceLevelAgreementProperty(property=_LATENCY, value=int(number), unit=unit, element=element)


def _severity(test: Mapping[str, Any]) -> str:
    return "error" if test["on_violation"] == "fail" else "warning"


def import_column_test(column: SchemaProperty, rule: DataQuality) -> str | None:
    """The data test of a rule of a column, as a call; None if no test can say it."""
    name = string_literal(escape_jinja(str(column.name)))
    values = (rule.arguments or {}).get("validValues") or []
    metric = rule.metric or rule.rule
    if metric == "invalidValues" and rule.mustBe == 0 and _are_values(values):
        listed = ", ".join(string_literal(escape_jinja(v)) if isinstance(v, str) else repr(v) for v in values)
        return f"accepted_values({name}, [{listed}]{_enforce(rule)})"
    if metric != "nullValues":
        return None
    if rule.mustBe == 0 or rule.mustBeLessOrEqualTo == 0:
        return f"not_null({name}{_enforce(rule)})"
    most = rule.mustBeLessOrEqualTo
    if rule.unit == "percent" and most is not None and 0 < most < 100:
        return f"not_null({name}, at_least={round(1 - most / 100, 9)}{_enforce(rule)})"
    return None


def _are_values(values: Any) -> bool:
    """Whether an argument is a list of texts, numbers or booleans, as `accepted_values` takes it."""
    return isinstance(values, list) and bool(values) and all(isinstance(v, (str, int, float)) for v in values)


def import_table_test(rule: DataQuality) -> str | None:
    """The data test of a rule of a table, as a call; None if no test can say it.

    A query is not read back: the names of its tables are those of another project.
    """
    if (rule.metric or rule.rule) == "rowCount" and rule.unit in {None, "rows"}:
        return _row_count(rule)
    return None


def _row_count(rule: DataQuality) -> str | None:
    least, most = rule.mustBeGreaterOrEqualTo, rule.mustBeLessOrEqualTo
    if rule.mustBeBetween:
        least, most = rule.mustBeBetween
    least, most = None if least is None else math.ceil(least), None if most is None else math.floor(most)
    if rule.mustBeGreaterThan is not None:
        least = math.floor(rule.mustBeGreaterThan) + 1
    if rule.mustBeLessThan is not None:
        most = math.ceil(rule.mustBeLessThan) - 1
    limits = [f"{word}={limit}" for word, limit in (("at_least", least), ("at_most", most)) if limit is not None]
    return f"row_count({', '.join(limits)}{_enforce(rule)})" if limits else None


def import_freshness(table: str, levels: Sequence[ServiceLevelAgreementProperty]) -> Iterator[str]:
    """The data tests of the service levels of a table, as calls."""
    for level in levels:
        owner, _, column = (level.element or "").rpartition(".")
        unit = (level.unit or "").lower()
        known = unit.rstrip("s") if unit.rstrip("s") in _UNITS.values() else _UNITS.get(unit)
        if level.property == _LATENCY and owner == table and known and _is_whole(level.value):
            within = f"{int(level.value or 0)} {known}"
            yield f"freshness({string_literal(escape_jinja(column))}, within={string_literal(within)})"


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0 and float(value).is_integer()


def _enforce(rule: DataQuality) -> str:
    return ', enforce="fail"' if rule.severity == "error" else ""
