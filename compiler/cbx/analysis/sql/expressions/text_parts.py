"""Finds texts from which the values that they are put together from can be told.

``concat(a, '-', b)`` of two whole numbers tells both: after the digits of ``a`` the next sign is the hyphen, and what
follows is ``b``. ``concat(a, b)`` tells neither, as 1 and 11 make the same text as 11 and 1. So a text is read from the
left, and each part has to end where its own signs end: no text of a part may go on with a sign with which what follows
can begin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import NONE, Ids
from cbx.analysis.sql.expressions.expression_types import type_of
from cbx.analysis.sql.expressions.expressions import ExpressionReader
from cbx.analysis.sql.expressions.nullability import not_null_conditions
from cbx.analysis.types.value_types import is_injective_cast
from cbx.syntax.text import PLACEHOLDER

_DIGITS = frozenset("0123456789")
_DIRECTIVE = re.compile(r"%(?:%|(?P<number>(?:0\d+)?d)|(?P<text>s)|.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _TextForm:
    """The texts that values of a type have: with which signs they begin, and with which they may go on.

    A text of a type that has no sign to go on with is no beginning of another one: a date has all its digits, and so
    has a decimal of one scale.
    """

    pattern: re.Pattern[str]
    begins: frozenset[str]
    continues: frozenset[str]


_WHOLE = _TextForm(re.compile(r"-?\d+"), _DIGITS | {"-"}, _DIGITS)
_DECIMAL = _TextForm(re.compile(r"-?[\dE.+-]+"), _DIGITS | {"-"}, frozenset())
_DATE = _TextForm(re.compile(r"[-+]?[\d-]+"), _DIGITS | {"-", "+"}, frozenset())
_TRUTH = _TextForm(re.compile(r"true|false"), frozenset("tf"), frozenset())
_FORMS = {"TINYINT": _WHOLE, "SMALLINT": _WHOLE, "INT": _WHOLE, "BIGINT": _WHOLE, "DATE": _DATE, "BOOLEAN": _TRUTH}


@dataclass(frozen=True, slots=True)
class TextPart:
    """A part of a text.

    Attributes:
        literal: What is written out; None for the value of a column.
        columns: The columns that can be told from it.
        nullable: The columns of which none may be NULL for it not to be NULL.
        language: Its texts; None where it may be any.
        in_place_of_null: What stands for NULL; None where NULL stays NULL.
    """

    literal: str | None = None
    columns: Ids = NONE
    nullable: Ids = NONE
    form: _TextForm | None = None
    in_place_of_null: str | None = None


def parts_of_text(node: exp.Expr, reader: ExpressionReader) -> list[TextPart] | None:
    """The parts of a text; None for what is put together in a way that is not understood.

    So is what holds a variable: its value may be empty, a digit, or that of another one.
    """
    if any(isinstance(one, exp.Literal) and PLACEHOLDER in str(one.this) for one in (node, *node.iter_expressions())):
        return None
    match node:
        case exp.Paren():
            return parts_of_text(node.this, reader)
        case exp.Concat() if not node.args.get("coalesce"):
            return _parts_of_all(node.expressions, reader)
        case exp.DPipe():
            return _parts_of_all([node.this, node.expression], reader)
        case exp.ConcatWs(expressions=[exp.Literal(is_string=True) as separator, *others]):
            parts = _parts_of_all(others, reader, is_flat=True)
            between = TextPart(literal=str(separator.this))
            return None if parts is None else [one for part in parts for one in (between, part)][1:]
        case exp.Format(this=exp.Literal(is_string=True) as pattern, expressions=values):
            return _parts_of_format(str(pattern.this), values, reader)
        case exp.Literal(is_string=True):
            return [TextPart(literal=str(node.this))]
        case exp.Coalesce(expressions=[exp.Literal(is_string=True) as default]):
            parts = parts_of_text(node.this, reader)
            if parts is None or len(parts) != 1 or parts[0].form is None or parts[0].in_place_of_null is not None:
                return None
            return [replace(parts[0], in_place_of_null=str(default.this))]
        case _:
            return _part_of_value(node, reader)


def columns_determined_by(parts: Sequence[TextPart]) -> tuple[Ids, Ids]:
    """The columns that can be told from a text, and those of them that must never be NULL for that; none if none can.

    The text is NULL where a part is, so that nothing can be told then, unless there is no other part to tell.
    """
    values = [one for one in parts if one.literal is None]
    if not all(_has_clear_end(part, parts[at + 1 :]) for at, part in enumerate(parts)):
        return NONE, NONE
    told: Ids = frozenset().union(*(one.columns for one in values))
    nullable: Ids = frozenset().union(*(one.nullable for one in values if one.in_place_of_null is None))
    return told, nullable if len(values) > 1 else NONE


def prefix_of(parts: Sequence[TextPart]) -> str:
    """What a text begins with."""
    return parts[0].literal or "" if parts else ""


def _parts_of_all(
    nodes: Sequence[exp.Expr], reader: ExpressionReader, *, is_flat: bool = False
) -> list[TextPart] | None:
    found: list[TextPart] = []
    for node in nodes:
        parts = parts_of_text(node, reader)
        if parts is None or (is_flat and len(parts) != 1):
            return None
        found += parts
    return found


def _part_of_value(node: exp.Expr, reader: ExpressionReader) -> list[TextPart] | None:
    """A value of a type whose texts are known, or its cast to STRING."""
    is_cast = isinstance(node, (exp.Cast, exp.TryCast)) and type_of(node, reader) == "STRING"
    bare = node.this if is_cast else node
    value, kind = reader.read(bare), type_of(bare, reader)
    if kind is None:
        return None
    columns = frozenset({value.column}) if isinstance(value, ir.Reference) else NONE
    choices = (columns,) if columns else not_null_conditions(bare, reader)
    if not choices:
        return None
    if kind == "STRING":
        return [TextPart(columns=columns, nullable=choices[0])]
    form = _FORMS.get(kind)
    if kind.startswith("DECIMAL("):
        form = _WHOLE if kind.endswith(", 0)") else _DECIMAL
    if form is None or not is_injective_cast(kind, "STRING"):
        return None
    return [TextPart(columns=columns, nullable=choices[0], form=form)]


def _parts_of_format(pattern: str, values: Sequence[exp.Expr], reader: ExpressionReader) -> list[TextPart] | None:
    """The parts of ``format_string``, of which ``%d`` of whole numbers and ``%s`` of these and of texts are known."""
    parts: list[TextPart] = []
    position, left = 0, list(values)
    for directive in _DIRECTIVE.finditer(pattern):
        parts.append(TextPart(literal=pattern[position : directive.start()]))
        position = directive.end()
        if directive[0] == "%%":
            parts.append(TextPart(literal="%"))
            continue
        value = _part_of_value(left.pop(0), reader) if left else None
        allowed = (_WHOLE,) if directive["number"] else (_WHOLE, None) if directive["text"] else ()
        if value is None or value[0].form not in allowed:
            return None
        parts.append(replace(value[0], in_place_of_null="null" if value[0].form else None))
    parts.append(TextPart(literal=pattern[position:]))
    return [one for one in parts if one.literal != ""] if not left else None


def _has_clear_end(part: TextPart, following: Sequence[TextPart]) -> bool:
    """Whether it can be told where a part ends, whatever follows."""
    if part.literal is not None:
        return True
    follows = _first_characters(following)
    if part.form is None:
        return not following
    if part.in_place_of_null is None:
        return follows is not None and not part.form.continues & follows
    goes_on = _next_characters(part.form, part.in_place_of_null)
    return goes_on is not None and follows is not None and not goes_on & follows


def _first_characters(parts: Sequence[TextPart]) -> frozenset[str] | None:
    """The signs with which the rest of a text may begin; None where it may be any."""
    found: frozenset[str] = frozenset()
    for part in parts:
        if part.literal is not None:
            if part.literal:
                return found | {part.literal[0]}
            continue
        if part.form is None:
            return None
        found |= part.form.begins
        if part.in_place_of_null != "":
            return found | {part.in_place_of_null[0]} if part.in_place_of_null else found
    return found


def _next_characters(form: _TextForm, default: str) -> frozenset[str] | None:
    """With what a text of a type may go on if another one stands for NULL; None where that one may be a value's."""
    if form.pattern.fullmatch(default):
        return None
    if default == "":
        return form.continues | form.begins
    if set(default) & (form.begins | form.continues) and form is not _TRUTH:
        return None
    return form.continues if form is not _TRUTH or default[0] not in "tf" else None
