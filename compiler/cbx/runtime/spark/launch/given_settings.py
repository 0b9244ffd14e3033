"""The settings of Spark that the command line and ``[run.spark]`` give."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cbx.project.spark_settings import refuse_setting
from cbx.runtime.errors import CannotRunError
from cbx.runtime.spark.launch.driver_memory import DRIVER_MEMORY
from cbx.runtime.spark.launch.setting_names import intended_setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cbx.diagnostics.source_files import Span

_SIZE: Final = re.compile(r"[1-9][0-9]*[kmgtKMGT]")
"""A size as Java reads it, to which Spark passes it on."""


def check_given_settings(given: Mapping[str, str], places: Mapping[str, Span] = MappingProxyType({})) -> None:
    """Refuse settings that Spark or cbx would ignore or that would break the run.

    Args:
        given: The settings.
        places: Where those of a file are.

    Raises:
        CannotRunError: For a name that is none of Spark's, a setting on which cbx relies, or a memory that is no size.
    """
    for name, value in given.items():
        refused, span = refuse_setting(name), places.get(name)
        if refused is not None:
            reason = f"the Spark setting `{name}` cannot be set: {refused.reason}"
            raise CannotRunError(reason, hint=refused.hint, span=span)
        meant = intended_setting(name)
        if meant is not None:
            raise CannotRunError(f"Spark has no setting `{name}`", hint=f"did you mean `{meant}`?", span=span)
        if name == DRIVER_MEMORY and not _SIZE.fullmatch(value):
            hint = "write a size such as 4g or 1500m"
            raise CannotRunError(f"`{value}` is not a size for `{name}`", hint=hint, span=span)
