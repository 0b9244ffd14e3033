"""The quality rules of a contract: expectations and keys of a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from open_data_contract_standard.model import CustomProperty, DataQuality, SchemaObject, SchemaProperty
from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from cbx.contracts.data_tests import import_column_test, import_table_test
from cbx.graph.graph_document import ExpectationNode
from cbx.spark_spelling import quote_if_needed

ON_VIOLATION: Final = "onViolation"
"""The property of a rule that says what happens to rows that break it: ``warn``, ``drop`` or ``fail``."""

_WORDS: Final = {"warn": "expect", "drop": "expect_or_drop", "fail": "expect_or_fail"}
_BOUNDS: Final = {"minimum": ">=", "maximum": "<=", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
_LENGTHS: Final = {"minLength": ">=", "maxLength": "<="}
_SPELLINGS: Final = {"format", "timezone", "defaultTimezone"}
"""The options that say how values are written."""
_TABLE: Final = "table_of_the_contract"
_BROKEN: Final = ("SELECT count(*) FROM ${object} WHERE NOT coalesce((", "), false)")
"""The query that counts the rows that break a condition, before and after the condition."""


class Rule(NamedTuple):
    """An expectation of a model that is to be written.

    Attributes:
        word: Its word, such as ``expect``.
        condition: What holds for each row.
    """

    word: str
    name: str
    condition: str


def export_expectation(rule: ExpectationNode) -> DataQuality:
    """The count of rows that break an expectation; a condition with variables of the project is only described."""
    if "${" in rule.condition:
        return DataQuality(name=rule.name, type="text", description=rule.condition)
    return DataQuality(
        name=rule.name,
        type="sql",
        query=rule.condition.join(_BROKEN),
        mustBe=0,
        dimension="conformity",
        severity="warning" if rule.on_violation == "warn" else "error",
        customProperties=[CustomProperty(property=ON_VIOLATION, value=rule.on_violation)],
    )


def export_key(columns: Sequence[str]) -> DataQuality:
    """Several columns that are unique together, besides the primary key."""
    return DataQuality(
        type="library",
        metric="duplicateValues",
        mustBe=0,
        dimension="uniqueness",
        arguments={"properties": list(columns)},
    )


def unique_columns(rules: Iterable[DataQuality]) -> Iterator[tuple[str, ...]]:
    """The columns that rules of a table say are unique together."""
    for rule in rules:
        names = (rule.arguments or {}).get("properties")
        if _metric(rule) == "duplicateValues" and _is_none_allowed(rule) and isinstance(names, list):
            yield tuple(map(str, names))


def is_unique(column: SchemaProperty) -> bool:
    """Whether no two rows have the same value in a column."""
    rules = column.quality or ()
    return bool(column.unique) or any(
        _metric(rule) == "duplicateValues" and _is_none_allowed(rule) and not rule.arguments for rule in rules
    )


def table_rules(table: SchemaObject, notes: list[str]) -> Iterator[Rule]:
    """The expectations of a table's own rules.

    Args:
        table: The table.
        notes: Gets what no expectation can say.
    """
    for rule in table.quality or ():
        condition = _condition_of_query(rule)
        if condition is not None:
            yield Rule(_word(rule), rule.name or condition, condition)
        elif not list(unique_columns([rule])) and import_table_test(rule) is None:
            notes.append(f"{table.name}: {_name(rule)}")


def column_rules(table: SchemaObject, column: SchemaProperty, notes: list[str]) -> Iterator[Rule]:
    """The expectations of a column: its rules, its allowed values, and the bounds of its type.

    Args:
        table: The table that has the column.
        column: The column.
        notes: Gets what no expectation can say.
    """
    name = quote_if_needed(column.name or "")
    for condition in _type_conditions(name, column):
        yield Rule("expect", condition, _allow_null(condition, name, column))
    notes += [f"{table.name}.{column.name}: the option `{option}`" for option in _lost_options(column)]
    notes += [f"{table.name}.{column.name}: {_name(rule)} of a part of it" for rule in _rules_of_parts(column)]
    for rule in column.quality or ():
        pattern = _condition_of_metric(name, rule)
        found = _allow_null(pattern, name, column) if pattern is not None else _condition_of_query(rule, name)
        if found is not None:
            yield Rule(_word(rule), rule.name or found, found)
        elif not (_metric(rule) == "duplicateValues" and _is_none_allowed(rule)) and not import_column_test(
            column, rule
        ):
            notes.append(f"{table.name}.{column.name}: {_name(rule)}")


def _type_conditions(name: str, column: SchemaProperty) -> Iterator[str]:
    options = column.logicalTypeOptions or {}
    for option, sign in _BOUNDS.items():
        if _is_number(options.get(option)):
            yield f"{name} {sign} {options[option]}"
    for option, sign in _LENGTHS.items():
        if _is_number(options.get(option)):
            yield f"length({name}) {sign} {options[option]}"
    if isinstance(options.get("pattern"), str):
        yield f"{name} RLIKE {_literal(options['pattern'])}"
    allowed = [value.value for value in column.enum or ()]
    if allowed:
        yield f"{name} IN ({', '.join(map(_literal, allowed))})"


def _allow_null(condition: str, name: str, column: SchemaProperty) -> str:
    """A condition on the values of a column: NULL breaks an expectation, but is no value of the contract's column."""
    return condition if column.required else f"{name} IS NULL OR {condition}"


def _lost_options(column: SchemaProperty) -> Iterator[str]:
    """The options of a type that are promises, and that no condition says."""
    for option, value in (column.logicalTypeOptions or {}).items():
        is_said = _is_number(value) if option in {**_BOUNDS, **_LENGTHS} else option == "pattern"
        if not is_said and option not in _SPELLINGS:
            yield option


def _rules_of_parts(column: SchemaProperty) -> Iterator[DataQuality]:
    """The rules of the fields and elements of a nested column."""
    for part in (*(column.properties or ()), *([column.items] if column.items is not None else [])):
        yield from part.quality or ()
        yield from _rules_of_parts(part)


def _condition_of_metric(name: str, rule: DataQuality) -> str | None:
    if not _is_none_allowed(rule):
        return None
    arguments = rule.arguments or {}
    pattern = arguments.get("pattern")
    is_pattern = _metric(rule) == "invalidValues" and isinstance(pattern, str)
    return f"{name} RLIKE {_literal(pattern)}" if is_pattern else None


def _condition_of_query(rule: DataQuality, column: str = "") -> str | None:
    """What holds for each row, if a query counts rows for which it does not; None for another query."""
    if rule.type != "sql" or rule.query is None or not _is_none_allowed(rule):
        return None
    text = rule.query
    before, after = _BROKEN
    if text.startswith(before) and text.endswith(after):
        return text.removeprefix(before).removesuffix(after)
    for placeholder, value in {"object": _TABLE, "table": _TABLE, "property": column, "column": column}.items():
        text = text.replace(f"${{{placeholder}}}", value).replace(f"{{{placeholder}}}", value)
    try:
        query = parse_one(text, dialect="databricks")
    except SqlglotError:
        return None
    parts = {name for name, value in query.args.items() if value} - {"kind"}
    is_own_table = isinstance(query, exp.Select) and [table.name for table in query.find_all(exp.Table)] == [_TABLE]
    if not is_own_table:
        return None
    counts = [expression.unalias() for expression in query.expressions]
    counted = [count.this for count in counts if isinstance(count, exp.Count)]
    is_of_rows = len(counts) == len(counted) == 1 and isinstance(counted[0], (exp.Star, exp.Literal))
    if parts != {"expressions", "from_", "where"} or not is_of_rows:
        return None
    broken = exp.paren(query.args["where"].this)
    return exp.not_(exp.func("coalesce", broken, exp.false())).sql("databricks")


def _metric(rule: DataQuality) -> str | None:
    """The metric of a rule, also by the name that the standard had before 3.1."""
    return rule.metric or rule.rule


def _is_none_allowed(rule: DataQuality) -> bool:
    return rule.mustBe == 0 or rule.mustBeLessOrEqualTo == 0


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _literal(value: Any) -> str:
    return exp.convert(value).sql("databricks")


def _word(rule: DataQuality) -> str:
    values = [other.value for other in rule.customProperties or () if other.property == ON_VIOLATION]
    return _WORDS.get(str(values[0]), "expect") if values else "expect"


def _name(rule: DataQuality) -> str:
    return f"the rule `{rule.name or rule.description or _metric(rule) or rule.type}`"
