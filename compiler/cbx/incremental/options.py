"""What a compilation depends on besides the files of the project."""

from __future__ import annotations

from typing import NamedTuple


class Options(NamedTuple):
    """The environment, whether models are analysed, and whether Python functions are traced for the analysis."""

    environment: str
    with_analysis: bool = True
    with_trace: bool = True
