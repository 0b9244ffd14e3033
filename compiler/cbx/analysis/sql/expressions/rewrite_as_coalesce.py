"""Recognizes other spellings of ``coalesce(a, b)``."""

from __future__ import annotations

from sqlglot import exp


def rewrite_as_coalesce(node: exp.Expr) -> exp.Coalesce | None:
    """Rewrite an expression as ``coalesce``; None where it is not equivalent to one.

    Example:
        ``CASE WHEN a IS NOT NULL THEN a ELSE b END``, ``if(a IS NULL, b, a)`` and ``nvl2(a, a, b)`` become
        ``coalesce(a, b)``.
    """
    match node:
        case exp.Coalesce():
            return node
        case exp.Case(args={"ifs": [exp.If(args={"this": test, "true": chosen})], "default": exp.Expr() as other}) if (
            not node.this
        ):
            return _rewrite_choice(test, chosen, other)
        case exp.If(args={"this": test, "true": exp.Expr() as chosen, "false": exp.Expr() as other}):
            return _rewrite_choice(test, chosen, other)
        case exp.Nvl2(args={"this": tested, "true": exp.Expr() as chosen, "false": exp.Expr() as other}) if (
            tested == chosen
        ):
            return _make_coalesce(chosen, other)
        case _:
            return None


def _rewrite_choice(test: exp.Expr, chosen: exp.Expr, other: exp.Expr) -> exp.Coalesce | None:
    match test.unnest():
        case exp.Is(this=tested, expression=exp.Null()) if tested == other:
            return _make_coalesce(other, chosen)
        case exp.Not(this=inner):
            return _rewrite_choice(inner, other, chosen)
        case _:
            return None


def _make_coalesce(first: exp.Expr, second: exp.Expr) -> exp.Coalesce:
    """A ``coalesce`` of nodes whose parents stay the same."""
    node = exp.Coalesce()
    node.args.update({"this": first, "expressions": [second]})
    return node
