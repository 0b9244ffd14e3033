"""The colours of marks are readable on the backgrounds that people have, and are left out where they are not wanted."""

from __future__ import annotations

import io

import pytest
from rich.color import Color

from cbx.cli.display.colours import DONE, ERROR, INFO, WARNING, MarkColour, has_colour

BACKGROUNDS = {
    "white": "#ffffff",
    "light": "#fdf6e3",
    "black": "#000000",
    "dark grey": "#1e1e1e",
    "dark blue": "#002b36",
}


def luminance(red: float, green: float, blue: float) -> float:
    """Of a colour, as WCAG 2 defines it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("background", BACKGROUNDS.values(), ids=BACKGROUNDS)
@pytest.mark.parametrize("colour", [ERROR, WARNING, INFO, DONE], ids=["error", "warning", "info", "done"])
def test_a_mark_has_enough_contrast(colour: MarkColour, background: str) -> None:
    """3 to 1, which WCAG asks of large and bold text; a theme's own yellow has less than 2 on white."""
    lights = [
        luminance(*(part / 255 for part in Color.parse(text).get_truecolor())) for text in (colour.style, background)
    ]

    assert (max(lights) + 0.05) / (min(lights) + 0.05) >= 3


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("NO_COLOR", "1", False), ("NO_COLOR", "", True), ("TERM", "dumb", False), ("TERM", "xterm", True)],
)
def test_who_wants_no_colours_gets_none(
    name: str, value: str, *, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As no-color.org says; a file gets none either."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv(name, value)

    assert has_colour(Terminal()) is expected
    assert not has_colour(io.StringIO())
