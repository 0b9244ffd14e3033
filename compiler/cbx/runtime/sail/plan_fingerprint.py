"""Decides whether a batch table on Sail is recomputed: whether its plan, or a file that it reads, has changed."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pysail  # type: ignore[import-untyped]
import pyspark

from cbx.runtime.sail.messages import inner_messages
from cbx.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyspark.sql.types import StructType

    from cbx.runtime.definitions import DatasetExpectation

_NUMBER: Final = re.compile(r"__cbx_\d+")
_OF_THE_CLOCK: Final = re.compile(
    r"\b(?:current_\w+|now|localtimestamp|curdate|getdate|unix_timestamp)\b", re.IGNORECASE
)


def plan_fingerprint(plans: Iterable[Any], columns: StructType, rules: Sequence[DatasetExpectation]) -> str | None:
    """A hash of everything that the rows of a table depend on; None if they depend on the clock.

    Args:
        plans: The plan of its query, and those of the views that it reads.
        columns: Its columns.
        rules: The table's rules.
    """
    texts, files = [], []
    for plan in plans:
        bare = type(plan)()
        bare.CopyFrom(plan)
        for message in inner_messages(bare):
            if message.DESCRIPTOR.name in _WITH_ORIGIN:
                message.ClearField("common")  # the line of code, and a number
            if message.DESCRIPTOR.name == "DataSource":
                files += [_stamp(Path(path)) for path in message.paths]
        texts.append(str(bare))
    text = _renumber("\0".join(texts))
    if _OF_THE_CLOCK.search(text):
        return None
    conditions = (f"{rule.name} {rule.condition} {rule.on_violation}" for rule in rules)
    parts = ["sail", pysail.__version__, pyspark.__version__, __version__, text, columns.json(), *conditions, *files]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


_WITH_ORIGIN: Final = ("Relation", "Expression")


def _stamp(file: Path) -> str:
    status = file.stat()
    return f"{file} {status.st_size} {status.st_mtime_ns}"


def _renumber(text: str) -> str:
    """The text of plans with the numbers of views replaced by 0, 1, 2 and so on."""
    numbers: dict[str, str] = {}
    return _NUMBER.sub(lambda match: numbers.setdefault(match[0], f"__cbx_{len(numbers)}"), text)
