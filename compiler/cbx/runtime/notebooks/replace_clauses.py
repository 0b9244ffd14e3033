"""The clauses ``REPLACE USING`` and ``REPLACE WHERE`` of flows.

The grammar is that of the Databricks pages "CREATE FLOW (pipelines)" and "REPLACE WHERE flows".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cbx.runtime.notebooks.change_clauses import read_columns
from cbx.runtime.sql.column_definitions import check_expression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cbx.runtime.sql.tokens import Words

_KINDS: Final = ("USING", "WHERE")


@dataclass(frozen=True, slots=True)
class Replacement:
    """The rows that a flow replaces.

    Attributes:
        using: The columns of REPLACE USING.
        sequence_by: The expression of its SEQUENCE BY; None without one.
        where: The condition of REPLACE WHERE; None for REPLACE USING.
    """

    using: tuple[str, ...] = ()
    sequence_by: str | None = None
    where: str | None = None


def read_replacement(words: Words, following: Sequence[str]) -> Replacement:
    """Read the clause after the word ``REPLACE``.

    Args:
        words: The words.
        following: The words that may follow: BY, or the first word of a query.

    Raises:
        RunError: At a word that is not expected.
    """
    if words.takes("WHERE"):
        return Replacement(where=_read_expression(words, "the condition", following))
    if not words.takes("USING"):
        raise words.error("USING or WHERE", _KINDS)
    columns = tuple(read_columns(words.group("the columns in brackets")))
    if not words.takes("SEQUENCE"):
        return Replacement(columns)
    words.wants("BY")
    return Replacement(columns, _read_expression(words, "the sequence", following))


def _read_expression(words: Words, what: str, following: Sequence[str]) -> str:
    expression = words.until(*following)
    check_expression(expression, what, following)
    return expression.source_text()
