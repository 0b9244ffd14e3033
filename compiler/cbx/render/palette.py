"""The colours of layers, on light and dark backgrounds."""

from __future__ import annotations

from dataclasses import dataclass

from cbx.graph.graph_document import SOURCE_LAYER


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour in both schemes, readable as text (a contrast of at least 4.5 to 1).

    Attributes:
        light: On white.
        dark: On the dark background of pictures.
        anywhere: On white and on black, if the background is unknown.
    """

    light: str
    dark: str
    anywhere: str


WARNING = Colour("#8a5a00", "#f0b849", "#a16900")
"""Of a mark on something that may be wrong; ``--warn`` of the page."""

_NAMED = {
    SOURCE_LAYER: Colour("#5c6675", "#a2adbd", "#6b7688"),
    "bronze": Colour("#a4541f", "#e39a66", "#b65d22"),
    "silver": Colour("#3d6a94", "#8fbbe4", "#4679aa"),
    "gold": Colour("#8a6400", "#e6bd45", "#986e00"),
}
_FURTHER = (
    Colour("#0f766e", "#4fc9bb", "#11837b"),
    Colour("#6d4bc3", "#b9a3f5", "#8163cb"),
    Colour("#b02a5b", "#f08cae", "#d03c72"),
    Colour("#2f7a34", "#7fca84", "#338639"),
    Colour("#1d5fc4", "#86b4f9", "#2b72e0"),
    Colour("#8b3fa8", "#d59bec", "#a255bf"),
)


def layer_colours(lanes: tuple[str, ...]) -> dict[str, Colour]:
    """A colour for every layer: fixed for bronze, silver and gold, in turn for others."""
    further = [layer for layer in lanes if layer not in _NAMED]
    colours = {layer: _FURTHER[number % len(_FURTHER)] for number, layer in enumerate(further)}
    return {layer: _NAMED.get(layer) or colours[layer] for layer in lanes}
