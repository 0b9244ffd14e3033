"""Arguments whose values are not in the value of an expression: they decide it, are counted or measured."""

from __future__ import annotations

from sqlglot import exp

_CONDITIONS = (
    "ArrayContains ArrayContainsAll ArrayOverlaps Between Contains EndsWith EQ EqualNull Exists GT GTE ILike In Is "
    "IsNan Like LT LTE MapContainsKey NEQ NullSafeEQ NullSafeNEQ RegexpLike StartsWith"
)
_NUMBERS = (
    "ApproxDistinct ArrayPosition ArraySize BitLength Count CountIf Length Levenshtein RegexpCount RegexpInstr "
    "StrPosition"
)
_HIDDEN: dict[type[exp.Expr], frozenset[str]] = {
    **{getattr(exp, name): frozenset(getattr(exp, name).arg_types) for name in f"{_CONDITIONS} {_NUMBERS}".split()},
    exp.ArgMax: frozenset({"expression"}),
    exp.ArgMin: frozenset({"expression"}),
    exp.Case: frozenset({"this"}),
    exp.Filter: frozenset({"expression"}),
    exp.If: frozenset({"this"}),
    exp.Nullif: frozenset({"expression"}),
    exp.Nvl2: frozenset({"this"}),
    exp.Window: frozenset({"partition_by", "order", "spec"}),
}
_FUNCTIONS = frozenset({"cardinality", "find_in_set", "isnotnull", "isnull", "json_array_length", "octet_length"})
"""Functions that sqlglot has no class for."""
_NONE: frozenset[str] = frozenset()
_ALL: frozenset[str] = frozenset({"expressions"})


def hidden_arguments(node: exp.Expr) -> frozenset[str]:
    """The names of the arguments whose values nobody can read from the value of an expression.

    A condition says only whether something is so, a count how many values there are, a length how long one is. A hash
    hides nothing: who guesses the value can compare.

    Example:
        ``CASE WHEN email IS NULL THEN city ELSE 'none' END`` has values of ``city``, and none of ``email``.
    """
    if isinstance(node, exp.Anonymous):
        return _ALL if str(node.this).lower() in _FUNCTIONS else _NONE
    return _HIDDEN.get(type(node), _NONE)
