"""Types of texts, and of what is parsed from them."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.sql.expressions.type_rules.schema_texts import schema_type
from cbx.analysis.sql.expressions.type_rules.type_reader import Rule, TypeReader, arguments_of, literal_text
from cbx.analysis.types.type_rules import (
    array_of,
    common_type,
    element_of,
    is_text,
    map_of,
    members_of,
    text_type,
)


def _text_type(node: exp.Expr, types: TypeReader) -> str | None:
    """STRING, with the collation of the arguments that are texts."""
    kinds = types.read_all(node)
    return None if None in kinds else text_type(filter(is_text, kinds))


def _text_of_first_type(node: exp.Expr, types: TypeReader) -> str | None:
    """STRING; a collation is known if the first argument that is no literal has it, and no other text another one."""
    kinds = types.read_all(node)
    texts = {kind for kind in kinds if is_text(kind)}
    if None in kinds or texts <= {"STRING"}:
        return None if None in kinds else "STRING"
    if any(kind and "STRING" in kind and not is_text(kind) for kind in kinds):
        return None
    first = next((argument for argument in arguments_of(node) if literal_text(argument) is None), None)
    return texts.pop() if len(texts) == 1 and types.read(first) in texts else None


def _text_type_of(kinds: list[str | None]) -> str | None:
    return None if None in kinds else text_type(kinds)


def _first_text_type(node: exp.Expr, types: TypeReader) -> str | None:
    """STRING, with the collation of the first argument."""
    return _text_type_of([types.read_first(node)])


def _texts_of_first_type(node: exp.Expr, types: TypeReader) -> str | None:
    inner = _first_text_type(node, types)
    return f"ARRAY<{inner}>" if inner else None


def _joined_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``array_join``: the type of the elements of an array and of what is between them."""
    first, *others = types.read_all(node)
    return _text_type_of([element_of(first), *others])


def _text_or_bytes_type(node: exp.Expr, types: TypeReader) -> str | None:
    """A text function that also takes BINARY as its first argument, which it returns then."""
    kind = types.read_first(node)
    return "BINARY" if kind == "BINARY" else _text_type_of([kind])


def _padded_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``lpad`` and others, whose further arguments may have collations, too."""
    filler = node.args.get("fill_pattern")
    is_filled_with_text = filler is not None and types.read(filler) != "BINARY"
    if types.read_first(node) == "BINARY" and not is_filled_with_text:
        return "BINARY"
    return _text_of_first_type(node, types)


def _chosen_text_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``elt``: the first argument only chooses."""
    kinds = [types.read(choice) for choice in node.expressions]
    if set(kinds) == {"BINARY"}:
        return "BINARY"
    return "STRING" if _text_of_first_type(node, types) == "STRING" else None


def _words_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``sentences``: the words of each sentence."""
    return array_of(array_of(_first_text_type(node, types)))


def _text_map_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``str_to_map``."""
    kind = _text_of_first_type(node, types)
    return map_of(kind, kind)


def _reversed_type(node: exp.Expr, types: TypeReader) -> str | None:
    kind = types.read_first(node)
    return kind if element_of(kind) else _text_or_bytes_type(node, types)


def _concat_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``concat`` and ``||``: STRING for texts, ARRAY for arrays, BINARY for bytes."""
    kinds = types.read_all(node)
    if all(kind is not None and members_of(kind)[0] == "ARRAY" for kind in kinds):
        return common_type(kinds)
    if kinds and set(kinds) == {"BINARY"}:
        return "BINARY"
    return None if any(kind is None or "<" in kind for kind in kinds) else text_type(filter(is_text, kinds))


def _parsed_schema_type(node: exp.Expr, types: TypeReader) -> str | None:
    """The type that a literal schema describes."""
    del types
    schema = node.expressions[1] if isinstance(node, exp.Anonymous) and len(node.expressions) > 1 else node.expression
    text = literal_text(schema)
    return schema_type(text) if text is not None else None


def _variant_field_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``variant_get``: the type that its last argument names, or VARIANT."""
    del types
    if len(node.expressions) == 2:
        return "VARIANT"
    text = literal_text(node.expressions[2]) if len(node.expressions) == 3 else None
    return schema_type(text) if text is not None else None


def _json_path_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``a:b.c``: a part of a text is a STRING, a part of a VARIANT is one."""
    kind = types.read_first(node)
    return kind if kind in {"STRING", "VARIANT"} else None


RULES: dict[str, Rule] = {
    "text": _text_type,
    "first text": _first_text_type,
    "text of first": _text_of_first_type,
    "text or bytes": _text_or_bytes_type,
    "padded": _padded_type,
    "chosen text": _chosen_text_type,
    "words": _words_type,
    "text map": _text_map_type,
    "texts of first": _texts_of_first_type,
    "joined": _joined_type,
    "reversed": _reversed_type,
    "concat": _concat_type,
    "parsed schema": _parsed_schema_type,
    "variant field": _variant_field_type,
    "json path": _json_path_type,
}
