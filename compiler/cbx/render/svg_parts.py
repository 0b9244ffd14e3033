"""The parts of all SVG pictures: the file with its two colour schemes, texts and curves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise

from cbx.render.labels import fit_text, one_line
from cbx.render.layout.layout import Point
from cbx.render.palette import WARNING, Colour

COLUMN_WIDTH = 830
"""The width of text on GitHub, in pixels: a wider picture is made smaller there, with its texts."""

FONT = "Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

_LIGHT = {"paper": "#ffffff", "card": "#ffffff", "border": "#d5dbe3", "ink": "#18202b", "faint": "#5d6877"}
_LIGHT |= {"line": "#9aa5b3", "relation": "#6b7686", "stream": "#0b7285", "warning": WARNING.light}
_DARK = {"paper": "#0f141b", "card": "#1a212b", "border": "#3a4554", "ink": "#e8edf4", "faint": "#9ba7b6"}
_DARK |= {"line": "#66748a", "relation": "#93a0b3", "stream": "#4cc3d9", "warning": WARNING.dark}


def picture(
    parts: Iterable[str], width: float, height: float, title: str, description: str, colours: Mapping[str, Colour]
) -> str:
    """A whole SVG file. It follows the reader's colour scheme and loads nothing.

    Args:
        parts: The elements, from the back to the front.
        width: In pixels.
        height: In pixels.
        title: The title for screen readers.
        description: The description for screen readers.
        colours: The colours of the layers.
    """
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-labelledby="title description">\n'
        f'<title id="title">{text(title)}</title>\n<desc id="description">{text(description)}</desc>\n'
        f"<style>\n{style(colours)}</style>\n"
        f'<rect class="paper" width="100%" height="100%"/>\n{body}\n</svg>\n'
    )


def style(colours: Mapping[str, Colour]) -> str:
    """The style sheet, for light and dark backgrounds."""
    light = {layer: colour.light for layer, colour in colours.items()}
    dark = {layer: colour.dark for layer, colour in colours.items()}
    return (
        f"text {{ font-family: {FONT}; font-size: 13px; }}\n"
        ".name { font-weight: 600; } .small { font-size: 12px; } .lane-name { font-size: 12px; font-weight: 700; "
        "letter-spacing: 0.09em; }\n"
        ".edge { fill: none; stroke-width: 1.4; } .stream { stroke-dasharray: 5 4; } "
        ".unproven { stroke-dasharray: 6 4; } "
        ".halo { paint-order: stroke; stroke-width: 4px; stroke-linejoin: round; }\n"
        f"{_scheme(_LIGHT, light, 0.05)}@media (prefers-color-scheme: dark) {{\n{_scheme(_DARK, dark, 0.07)}}}\n"
    )


def _scheme(tones: Mapping[str, str], layers: Mapping[str, str], tint: float) -> str:
    rules = [
        f".paper {{ fill: {tones['paper']}; }}",
        f".card {{ fill: {tones['card']}; stroke: {tones['border']}; }}",
        f".rule {{ stroke: {tones['border']}; }}",
        f".ink {{ fill: {tones['ink']}; }}",
        f".faint {{ fill: {tones['faint']}; }} .warning {{ fill: {tones['warning']}; }}",
        f".edge {{ stroke: {tones['line']}; }} .head {{ fill: {tones['line']}; }}",
        f".edge.relation {{ stroke: {tones['relation']}; }}",
        f".edge.stream {{ stroke: {tones['stream']}; }} .head.stream {{ fill: {tones['stream']}; }}",
        f".mark {{ fill: {tones['paper']}; }} .halo {{ stroke: {tones['paper']}; }}",
    ]
    for place, colour in enumerate(layers.values()):
        rules.append(f".fill{place} {{ fill: {colour}; }} .line{place} {{ stroke: {colour}; }}")
        rules.append(f".tint{place} {{ fill: {colour}; fill-opacity: {tint}; }}")
    return "".join(f"{rule}\n" for rule in rules)


def text(words: str) -> str:
    """A text as the content of an element."""
    return escape(one_line(words))


def label(words: str, x: float, y: float, classes: str, size: float, width: float, *, at_end: bool = False) -> str:
    """A line of text, cut to a width, with the whole text as a tooltip."""
    shown = fit_text(words, size, width, is_bold="name" in classes)
    whole = f"<title>{text(words)}</title>" if shown != words else ""
    anchor = ' text-anchor="end"' if at_end else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{classes}"{anchor}>{text(shown)}{whole}</text>'


def curve(points: Sequence[Point]) -> str:
    """The path of a route: quadratic curves that meet halfway between two control points."""
    start, *controls, end = points
    middles = [((left[0] + right[0]) / 2, (left[1] + right[1]) / 2) for left, right in pairwise(controls)]
    steps = zip(controls, [*middles, end], strict=True)
    parts = (f"Q{cx:.1f} {cy:.1f} {x:.1f} {y:.1f}" for (cx, cy), (x, y) in steps)
    return f"M{start[0]:.1f} {start[1]:.1f}{''.join(parts)}"


def arrowhead(points: Sequence[Point], classes: str) -> str:
    """A small triangle at the end of a route."""
    (before, above), (x, y) = points[-2], points[-1]
    if abs(y - above) > abs(x - before):
        back = -7 if y >= above else 7
        return f'<path class="{classes}" d="M{x:.1f} {y:.1f}l-3.8 {back}h7.6z"/>'
    back = -7 if x >= before else 7
    return f'<path class="{classes}" d="M{x:.1f} {y:.1f}l{back} -3.8v7.6z"/>'
