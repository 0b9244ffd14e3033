"""Diagnostics with a common cause are one."""

from __future__ import annotations

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Diagnostic, Related, merge_by_cause
from cbx.diagnostics.source_files import Span

PRODUCER, READER = "models/silver/hides.sql", "models/gold/belts.sql"
COLUMN, TYPE = Cause(PRODUCER, "column width"), Cause(PRODUCER, "type of width")


def diagnose(code: codes.Code, path: str, *causes: Cause) -> Diagnostic:
    return Diagnostic(code, f"{code.name} in {path}", Span(path, 1, 1, 1, 2), causes=causes)


def test_what_is_at_the_cause_comes_first() -> None:
    """The others are its related places, wherever their files stand in the order."""
    own, other = (
        diagnose(codes.UNKNOWN_KEY_COLUMN, PRODUCER, COLUMN),
        diagnose(codes.UNKNOWN_COLUMN, READER, COLUMN),
    )

    assert merge_by_cause([other, own]) == (own._replace(related=(Related(other.message, other.span),)),)  # type: ignore[arg-type] # it has one


def test_an_error_never_hides_behind_a_warning() -> None:
    """Else nothing would be written, and nothing would say why."""
    warning, error = (
        diagnose(codes.UNDECLARED_COLUMN, PRODUCER, COLUMN),
        diagnose(codes.UNKNOWN_COLUMN, READER, COLUMN),
    )
    (merged,) = merge_by_cause([error, warning])

    assert (merged.code, len(merged.related)) == (codes.UNKNOWN_COLUMN, 1)


def test_causes_are_passed_on() -> None:
    """What joins a group brings its other causes with it."""
    first = diagnose(codes.UNKNOWN_KEY_COLUMN, PRODUCER, COLUMN)
    second = diagnose(codes.UNKNOWN_COLUMN, READER, COLUMN, TYPE)
    third = diagnose(codes.RELATIONSHIP_TYPE_MISMATCH, "models/gold/straps.sql", TYPE)

    assert len(merge_by_cause([first, second, third])) == 1


def test_others_stay_as_they_are() -> None:
    """Diagnostics without a cause, or with other ones, are all shown, in their order."""
    several = [diagnose(codes.UNKNOWN_COLUMN, READER), diagnose(codes.UNKNOWN_COLUMN, READER, COLUMN)]
    several.append(diagnose(codes.CYCLE, PRODUCER, TYPE))

    assert merge_by_cause(several) == tuple(several)
