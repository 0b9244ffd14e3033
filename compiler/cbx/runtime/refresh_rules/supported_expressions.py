"""Operations and expressions whose result depends on their rows alone, and aggregates that know no order of rows.

What is not listed here is recomputed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cbx.runtime.refresh_rules.query_plan import Expression, Operation

WHOLE_NUMBERS: Final = frozenset({"byte", "short", "integer", "long"})
_SMALL: Final = frozenset({"byte", "short"})
"""Sums of doubles are exact for fewer than 2^37 of them."""
_EXACT: Final = WHOLE_NUMBERS | {"string", "date", "timestamp", "boolean"}

_TEXTS: Final = frozenset(
    {"Concat", "Lower", "StringReplace", "StringTrim", "StringTrimLeft", "StringTrimRight", "Substring", "Upper"}
)
_PARTS_OF_DATES: Final = frozenset(
    {"DateDiff", "DayOfMonth", "DayOfWeek", "DayOfYear", "Hour", "Length", "Minute", "Month", "Quarter", "Second"}
    | {"WeekDay", "WeekOfYear", "Year"}
)
_DATES: Final = frozenset({"AddMonths", "DateAdd", "DateSub", "LastDay", "MakeDate", "ParseToDate", "TruncDate"})
_CONDITIONS: Final = frozenset(
    {"And", "Contains", "EndsWith", "EqualNullSafe", "EqualTo", "GreaterThan", "GreaterThanOrEqual", "In", "IsNaN"}
    | {"IsNotNull", "IsNull", "LessThan", "LessThanOrEqual", "Like", "Not", "Or", "RLike", "StartsWith"}
)
_LIKE_ITS_FIRST: Final = frozenset({"Abs", "Add", "Coalesce", "Multiply", "Subtract", "UnaryMinus"})
"""Their type is that of their first argument: of arithmetic with decimals, also a decimal."""
_OTHERS: Final = frozenset(
    {"Alias", "AttributeReference", "CaseWhen", "Cast", "CreateArray", "CreateNamedStruct", "Divide", "GetStructField"}
    | {"Greatest", "If", "IntegralDivide", "Least", "Literal", "Remainder", "Round", "TruncTimestamp"}
    | {"UnscaledValue", "StringSplit", "GetArrayItem", "ArrayContains", "Size", "Md5", "Sha2", "Ceil", "Floor"}
    | {"TypedNullLiteral"}
)
ROW_EXPRESSIONS: Final = (
    _TEXTS | _PARTS_OF_DATES | _DATES | _CONDITIONS | _LIKE_ITS_FIRST | _OTHERS | {"Explode", "PosExplode", "Inline"}
)
_COUNTS: Final = frozenset({"Count", "CountIf", "BoolAnd", "BoolOr"})
AGGREGATES: Final = _COUNTS | {"Sum", "Average", "Min", "Max"}


def type_of(expression: Expression) -> str | None:
    """The type of an expression; None if it is not known here."""
    kind, children = expression.kind, expression.children
    if expression.type is not None:
        return expression.type
    if kind in _LIKE_ITS_FIRST or kind == "Alias":
        return type_of(children[0])
    if kind == "If":
        return type_of(children[1])
    if kind == "CaseWhen":
        return type_of(children[1])
    for kinds, result in ((_TEXTS, "string"), (_PARTS_OF_DATES, "integer"), (_DATES, "date"), (_CONDITIONS, "boolean")):
        if kind in kinds:
            return result
    return "timestamp" if kind == "TruncTimestamp" else None


def is_exact(type_name: str | None) -> bool:
    """Whether equal values of a type are the same in every bit, and sums do not depend on an order."""
    return type_name is not None and (type_name in _EXACT or type_name.startswith("decimal"))


def find_inexact_aggregate(aggregate: Expression) -> str | None:
    """Why the result of an aggregate may depend on the order of rows; None if it does not.

    Args:
        aggregate: An ``AggregateExpression``.
    """
    function = aggregate.children[0]
    if function.kind not in AGGREGATES:
        return f"it calls the aggregate `{_word(function.kind)}`"
    if function.kind in _COUNTS:
        return None
    argument = type_of(function.children[0])
    name = _word(function.kind)
    if argument is None or not is_exact(argument):
        return f"it calls `{name}` of {'a value whose type is not known' if argument is None else f'type {argument}'}"
    if function.kind == "Average" and not (argument.startswith("decimal") or argument in _SMALL):
        return "it calls `avg` of whole numbers, which Spark adds up as doubles"
    return None


def find_unsupported(expression: Expression) -> str | None:
    """Why the value of an expression may depend on more than its row or group; None if it does not."""
    for each in expression.walk():
        if each.kind == "AggregateExpression":
            reason = find_inexact_aggregate(each)
            if reason is not None:
                return reason
        elif each.kind not in ROW_EXPRESSIONS and each.kind not in AGGREGATES:
            return f"it calls `{_word(each.kind)}`"
    return None


ONE_CHILD: Final = frozenset({"Filter", "Project", "SubqueryAlias", "View", "Renamed"})
_OPERATIONS: Final = ONE_CHILD | {"Aggregate", "Deduplicate", "Distinct", "Generate", "Join", "Relation", "Union"}
_JOINS: Final = frozenset({"Inner", "Cross", "LeftOuter", "LeftSemi", "LeftAnti", "RightOuter"})


def find_unsupported_operation(node: Operation) -> str | None:
    """Why the rows of an operation may depend on more than those that it reads; None if they do not."""
    if node.kind not in _OPERATIONS:
        return f"its plan has {node.kind}"
    if node.kind == "Join" and node.join not in _JOINS:
        return f"its plan has a join of type {node.join}"
    if node.kind == "Deduplicate" and {key.column for key in node.groups} != set(node.children[0].outputs):
        return "it keeps one of several rows with the same key"
    return next(filter(None, map(find_unsupported, (*node.expressions, *node.groups))), None)


_WORDS: Final = {"Average": "avg", "MaxBy": "max_by", "MinBy": "min_by"}


def _word(kind: str) -> str:
    """The name of a function, where it is not that of its class."""
    return _WORDS.get(kind, kind.lower())
