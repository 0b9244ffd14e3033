"""Diagnostics on terminals: lines end between words, and long source lines are cut around what is marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbx.cli.display.diagnostics import as_text
from cbx.cli.display.terminal_text import text_width, wrap_words
from cbx.diagnostics.codes import UNKNOWN_MODEL
from cbx.diagnostics.diagnostic import Diagnostic, Related
from cbx.diagnostics.source_files import SourceFile

PATH = "models/gold/sales.sql"
WORDS = st.lists(st.text("abc`.é漢", min_size=1, max_size=20), min_size=1, max_size=40).map(" ".join)
LINES = st.text("abc é漢(),\t", min_size=1, max_size=400)


@given(st.lists(LINES, min_size=1, max_size=3), WORDS, WORDS, WORDS, st.integers(60, 200), st.data())
def test_no_line_is_wider_than_the_terminal(
    lines: list[str], message: str, label: str, hint: str, width: int, data: st.DataObject
) -> None:
    """Whatever is marked, a part of it is shown with carets below, and no word of the message is broken."""
    text = "\n".join(lines)
    start = data.draw(st.integers(0, len(text) - 1))
    span = SourceFile(PATH, text).span(start, data.draw(st.integers(start + 1, len(text))))
    diagnostic = Diagnostic(UNKNOWN_MODEL, message, span, label, hint, (Related(label, span),))
    shown = as_text(diagnostic, {PATH: text}, width=width).split("\n")
    carets = next(line for line in shown if "^" in line)
    source = shown[shown.index(carets) - 1]

    assert [line for line in shown if text_width(line) > width] == []
    assert all(any(word in line for line in shown) for word in (*message.split(), *label.split(), *hint.split()))
    assert source.startswith(f"{span.line} |")
    assert " ".join(" ".join(shown).split()).count(" ".join(hint.split())) > 0


LONG = "SELECT " + ", ".join(f"column_{number}" for number in range(30)) + " FROM t"


@pytest.mark.parametrize(
    ("column", "shown", "carets"),
    [
        ("column_0,", "SELECT column_0, column_1, column_2, column_3, column...", "       ^^^^^^^^"),
        ("column_15", "...lumn_13, column_14, column_15, column_16, column_1...", " " * 23 + "^^^^^^^^^"),
        ("column_29", "...25, column_26, column_27, column_28, column_29 FROM t", " " * 40 + "^^^^^^^^^"),
    ],
)
def test_a_long_line_is_cut_around_the_span(column: str, shown: str, carets: str) -> None:
    """As much of the line is shown as there is room for."""
    start = LONG.index(column)
    span = SourceFile(PATH, LONG).span(start, start + len(column.rstrip(",")))
    lines = as_text(Diagnostic(UNKNOWN_MODEL, "wrong", span), {PATH: LONG}, width=60).split("\n")

    assert lines[3:5] == [f"1 | {shown}", f"  | {carets}"]


def test_a_word_that_is_too_long_is_not_broken() -> None:
    """It may be a path, which is copied."""
    path = "/a/" + "long/" * 20

    assert wrap_words(f"{path} cannot be written", 40, "  ") == [path, "  cannot be written"]


def test_a_file_has_whole_lines_and_messages() -> None:
    """Whoever reads a log has no narrow terminal; only texts that no person writes are shortened, and say so."""
    message = " ".join(f"`column_{number}`" for number in range(300))
    start = LONG.index("column_15")
    span = SourceFile(PATH, LONG).span(start, start + 9)
    shown = as_text(Diagnostic(UNKNOWN_MODEL, message, span, "here", message), {PATH: LONG}).splitlines()
    endless = f"SELECT '{'x' * 50_000}' AS a, column_15"
    end = SourceFile(PATH, endless).span(len(endless) - 9, len(endless))
    excerpt = as_text(Diagnostic(UNKNOWN_MODEL, "m" * 50_000, end), {PATH: endless}).splitlines()

    assert shown[0].endswith(message)
    assert shown[3:5] == [f"1 | {LONG}", f"  | {' ' * start}^^^^^^^^^ here"]
    assert shown[5].endswith(message)
    assert excerpt[0].endswith("mmm...")
    assert excerpt[3].startswith("1 | ...xxx")
    assert excerpt[3].endswith("xxx' AS a, column_15")
    assert excerpt[3].index("column_15") == excerpt[4].index("^")
