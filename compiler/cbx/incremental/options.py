"""What a compilation depends on besides the files of the project."""

from __future__ import annotations

from typing import NamedTuple


class Options(NamedTuple):
    """The environment, and whether the code of models is analysed, and traced for that."""

    environment: str
    with_analysis: bool = True
    with_trace: bool = True
