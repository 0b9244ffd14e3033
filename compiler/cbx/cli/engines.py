"""The option ``--engine``."""

from __future__ import annotations

from enum import Enum


class Engines(str, Enum):
    """The engines that run models."""

    SAIL = "sail"
    SPARK = "spark"
