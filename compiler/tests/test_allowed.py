"""Comments that allow a diagnostic: where they are found, and which lines they apply to."""

from __future__ import annotations

import pytest

from cbx.diagnostics.allowed import Allowances
from cbx.diagnostics.source_files import Span

CASES = {
    "before the line": ("m.sql", "-- cbx: allow CBX314, weights\nSELECT 1\n", [2]),
    "in the line": ("m.sql", "SELECT 1,\n  2 -- cbx: allow CBX314, weights\n", [2]),
    "with Windows line ends": ("m.sql", "-- cbx: allow CBX314, weights\r\nSELECT 1\r\n", [2]),
    "before other comments": ("m.sql", "-- cbx: allow CBX314, weights\n-- don't\nSELECT 1\n", [3]),
    "of several codes": ("m.sql", "-- cbx: allow CBX306, CBX314, weights\nSELECT 1\n", [2]),
    "in a template": ("m.sql", "{# cbx: allow CBX314, weights #}\nSELECT 1\n", [2]),
    "after an apostrophe": ("m.sql", "SELECT 'it''s', \"a'\" -- cbx: allow CBX314, weights\n", [1]),
    "in Python": ("m.py", "x = 1\n# cbx: allow CBX314, weights\ny = 2\n", [3]),
    "in a call": ("m.py", "x = (\n  y.f(z())\n  .agg(\n    b(1),  # cbx: allow CBX314, weights\n  )\n)\n", [3, 4]),
    "before an argument": ("m.py", "y.agg(\n    a('('),\n    # cbx: allow CBX314, weights\n    b(1),\n)\n", [1, 4]),
}
NOTHING = {
    "without a reason": ("m.sql", "-- cbx: allow CBX314\r\nSELECT 1\r\n"),
    "of another code": ("m.sql", "-- cbx: allow CBX306, weights\nSELECT 1\n"),
    "in a text": ("m.sql", "SELECT '\n-- cbx: allow CBX314, weights\n'\n"),
    "in a block comment": ("m.sql", "/* -- cbx: allow CBX314, weights */\nSELECT 1\n"),
    "in a text of Python": ("m.py", 'x = "# cbx: allow CBX314, weights"\n'),
    "in a docstring": ("m.py", '"""Text.\n\n# cbx: allow CBX314, weights\n"""\nx = 1\n'),
}


@pytest.mark.parametrize("case", CASES)
def test_comment_allows_a_diagnostic_in_its_lines(case: str) -> None:
    path, text, lines = CASES[case]
    allowances = Allowances({path: text})

    assert all(allowances.allow("CBX314", Span(path, line, 1, 1)) for line in lines)
    assert [allowance.code for allowance in allowances.unused_allowances()] == (["CBX306"] if "CBX306" in text else [])


def test_comment_allows_nothing_in_calls_that_have_ended() -> None:
    text = "y.agg(\n  a(),\n)\nx = 1  # cbx: allow CBX314, weights\n"
    allowances = Allowances({"m.py": text})

    assert [line for line in range(1, 6) if allowances.allow("CBX314", Span("m.py", line, 1, 1))] == [4, 5]


@pytest.mark.parametrize("case", NOTHING)
def test_nothing_is_allowed(case: str) -> None:
    path, text = NOTHING[case]
    allowances = Allowances({path: text})
    lines = range(1, text.count("\n") + 2)

    assert not any(allowances.allow("CBX314", Span(path, line, 1, 1)) for line in lines)
    assert len(allowances.unused_allowances()) == (1 if case in {"without a reason", "of another code"} else 0)
