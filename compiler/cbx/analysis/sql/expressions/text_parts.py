"""Finds concatenated texts that determine the values they are made of.

``concat(a, '-', b)`` of two whole numbers determines both: the hyphen ends the digits of ``a``, and the rest is ``b``.
``concat(a, b)`` determines neither: 1 and 11 give the same text as 11 and 1. A text determines its parts if it can be
split from the left without ambiguity: no part may continue with a character with which the rest can begin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.sql.expressions.expressions import ExpressionReader, is_variable
from cbx.analysis.sql.expressions.nullability import not_null_conditions
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of
from cbx.analysis.types.value_types import is_injective_cast

_DIGITS = frozenset("0123456789")
_DIRECTIVE = re.compile(r"%(?:%|(?P<number>(?:0\d+)?d)|(?P<text>s)|.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _TextForm:
    """The texts of the values of a type.

    Attributes:
        pattern: Matches every text of the type.
        begins: The characters with which a text may begin.
        continues: The characters with which a complete text may continue. Empty if no text is a prefix of another: a
            date always has all its digits, and so has a decimal of fixed scale.
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
    """A part of a concatenated text.

    Attributes:
        literal: Its text if it is a literal; None for the value of a column.
        columns: The columns that it determines.
        nullable: Columns; the part is not NULL if none of them is.
        form: The form of its texts; None for any text.
        in_place_of_null: The text that replaces NULL; None where there is none, or where it can be any text.
        makes_null: Whether the whole text is NULL where the part is, as with ``concat``.
    """

    literal: str | None = None
    columns: Ids = NONE
    nullable: Ids = NONE
    form: _TextForm | None = None
    in_place_of_null: str | None = None
    makes_null: bool = True


def parts_of_text(node: exp.Expr, reader: ExpressionReader) -> list[TextPart] | None:
    """The parts of a concatenated text; None where it is not supported.

    A text with a variable is not supported: the value of the variable may be anything.
    """
    if any(map(is_variable, (node, *node.iter_expressions()))):
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
            return None if parts is None else _separate(parts, str(separator.this))
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
    """The columns that a text determines, and those of them that must not be NULL for that.

    Where a part is NULL, the text determines no other part; it determines that one if it is NULL itself. `concat_ws`
    omits a NULL and ``format_string`` writes ``null``: both are texts that a value can have, too.
    """
    values = [part for part in parts if part.literal is None]
    if not all(_has_clear_end(part, parts[at + 1 :]) for at, part in enumerate(parts)):
        return NONE, NONE
    determined: Ids = frozenset().union(*(part.columns for part in values))
    is_lost = (part.in_place_of_null is None and (len(values) > 1 or not part.makes_null) for part in values)
    return determined, NONE.union(*(part.nullable for part, lost in zip(values, is_lost, strict=True) if lost))


def prefix_of(parts: Sequence[TextPart]) -> str:
    """The literal with which a text begins; empty where it begins with a value."""
    return parts[0].literal or "" if parts else ""


def _parts_of_all(
    nodes: Sequence[exp.Expr], reader: ExpressionReader, *, is_flat: bool = False
) -> list[TextPart] | None:
    all_parts: list[TextPart] = []
    for node in nodes:
        parts = parts_of_text(node, reader)
        if parts is None or (is_flat and len(parts) != 1):
            return None
        all_parts += parts
    return all_parts


def _separate(parts: Sequence[TextPart], separator: str) -> list[TextPart]:
    """The parts of ``concat_ws``, which omits a NULL."""
    between = TextPart(literal=separator)
    return [piece for part in parts for piece in (between, replace(part, makes_null=False))][1:]


def _part_of_value(node: exp.Expr, reader: ExpressionReader) -> list[TextPart] | None:
    """The part of a value, or of its cast to STRING; None where the texts of its type are not known."""
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
    """The parts of ``format_string``; it may have ``%d`` for whole numbers and ``%s`` for whole numbers and texts."""
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
        parts.append(replace(value[0], in_place_of_null="null" if value[0].form else None, makes_null=False))
    parts.append(TextPart(literal=pattern[position:]))
    return [part for part in parts if part.literal != ""] if not left else None


def _has_clear_end(part: TextPart, following: Sequence[TextPart]) -> bool:
    """Whether the end of a part is unambiguous, given the parts that follow."""
    if part.literal is not None:
        return True
    follows = _first_characters(following)
    if part.form is None:
        return not following
    if part.in_place_of_null is None:
        return follows is not None and not part.form.continues & follows
    continuing = _next_characters(part.form, part.in_place_of_null)
    return continuing is not None and follows is not None and not continuing & follows


def _first_characters(parts: Sequence[TextPart]) -> frozenset[str] | None:
    """The characters with which the rest of a text may begin; None for any character."""
    characters: frozenset[str] = frozenset()
    for part in parts:
        if part.literal is not None:
            if part.literal:
                return characters | {part.literal[0]}
            continue
        if part.form is None:
            return None
        characters |= part.form.begins
        if part.in_place_of_null != "":
            return characters | {part.in_place_of_null[0]} if part.in_place_of_null else characters
    return characters


def _next_characters(form: _TextForm, default: str) -> frozenset[str] | None:
    """The characters with which a text may continue if ``default`` replaces NULL; None where that is ambiguous."""
    if form.pattern.fullmatch(default):
        return None
    if default == "":
        return form.continues | form.begins
    if set(default) & (form.begins | form.continues) and form is not _TRUTH:
        return None
    return form.continues if form is not _TRUTH or default[0] not in "tf" else None
