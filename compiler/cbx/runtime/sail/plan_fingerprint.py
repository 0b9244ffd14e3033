"""Describes what the rows of a batch table on Sail depend on: its plan, and the files that it reads."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pysail  # type: ignore[import-untyped]
import pyspark

from cbx.runtime.refresh_rules.query_description import (
    VERSION,
    InputFile,
    Obstacle,
    QueryDescription,
    table_folder,
)
from cbx.runtime.sail.messages import inner_messages
from cbx.runtime.tables.compaction.replaced_files import list_files_as_written
from cbx.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyspark.sql.types import StructType

    from cbx.runtime.definitions import DatasetExpectation

_NUMBER: Final = re.compile(r"__cbx_\d+")
_OF_THE_CLOCK: Final = re.compile(
    r"\b(?:current_\w+|now|localtimestamp|curdate|getdate|unix_timestamp)\b", re.IGNORECASE
)


def describe_plans(plans: Iterable[Any], columns: StructType, rules: Sequence[DatasetExpectation]) -> QueryDescription:
    """What the rows of a table depend on.

    Args:
        plans: The plan of its query, and those of the views that it reads.
        columns: Its columns.
        rules: The table's rules.
    """
    texts: list[str] = []
    inputs: dict[str, set[InputFile]] = {}
    for plan in plans:
        bare = type(plan)()
        bare.CopyFrom(plan)
        for message in inner_messages(bare):
            if message.DESCRIPTOR.name in _WITH_ORIGIN:
                message.ClearField("common")  # the line of code, and a number
            if message.DESCRIPTOR.name == "CommonInlineUserDefinedFunction":
                message.ClearField("python_udf")  # the name of a function of cbx says what it does
            if message.DESCRIPTOR.name == "DataSource":
                read = [Path(path) for path in message.paths]
                for file in read:
                    inputs.setdefault(_folder(file), set()).add(_input_file(file))
                places = sorted({table_folder(_folder(file)) for file in read})
                message.ClearField("paths")
                message.paths.extend(places)
        texts.append(str(bare))
    conditions = [f"{rule.name} {rule.condition} {rule.on_violation}" for rule in rules]
    text = _renumber("\0".join((*texts, *conditions)))
    if _OF_THE_CLOCK.search(text):
        return QueryDescription(None, obstacle=Obstacle("it depends on the clock", "PLAN_NOT_DETERMINISTIC"))
    parts = ["sail", pysail.__version__, pyspark.__version__, __version__, text, columns.json()]
    definition = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return QueryDescription(
        definition, {folder: list_files_as_written(folder, files) for folder, files in inputs.items()}
    )


def _folder(file: Path) -> str:
    """The folder of all rows of a version of a table; the path of a file that is not of a table."""
    version = next((parent for parent in file.parents if VERSION.fullmatch(parent.name)), None)
    return str(file if version is None or "tables" not in version.parts[:-3] else version)


_WITH_ORIGIN: Final = ("Relation", "Expression")


def _input_file(file: Path) -> InputFile:
    status = file.stat()
    return InputFile(str(file), status.st_size, status.st_mtime_ns)


def _renumber(text: str) -> str:
    """The text of plans with the numbers of views replaced by 0, 1, 2 and so on."""
    numbers: dict[str, str] = {}
    return _NUMBER.sub(lambda match: numbers.setdefault(match[0], f"__cbx_{len(numbers)}"), text)
