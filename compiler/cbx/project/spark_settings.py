"""Which settings of Spark a project and the command line may set: not those on which cbx relies."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX: Final = "spark."


class RefusedSetting(NamedTuple):
    """Why a setting cannot be set, and what to do instead."""

    reason: str
    hint: str


_STATE: Final = "tables are in the state folder"
_SAME_RESULTS: Final = "results are to be those of a pipeline on Databricks"
_REMOVE: Final = "remove it"
_WHOLE_URLS: Final = "write whole URLs where other storage is read, such as s3a://bucket/landing"
_OTHER_FOLDER: Final = "choose the folder with --state"
_OWNED: Final[Mapping[str, RefusedSetting]] = MappingProxyType({
    "spark.master": RefusedSetting("the master is an option of its own", "write --master URL"),
    "spark.remote": RefusedSetting("cbx starts its own session", "write --master URL"),
    "spark.api.mode": RefusedSetting("cbx needs a classic session", _REMOVE),
    "spark.submit.deployMode": RefusedSetting("the driver runs in the process of cbx", _REMOVE),
    "spark.sql.warehouse.dir": RefusedSetting(_STATE, _OTHER_FOLDER),
    "spark.hadoop.fs.defaultFS": RefusedSetting("paths without a scheme are files of this machine", _WHOLE_URLS),
    "spark.hadoop.fs.default.name": RefusedSetting("paths without a scheme are files of this machine", _WHOLE_URLS),
    "spark.sql.catalogImplementation": RefusedSetting(_STATE, _REMOVE),
    "spark.sql.catalog.spark_catalog": RefusedSetting(_STATE, _REMOVE),
    "spark.sql.defaultCatalog": RefusedSetting(_STATE, _REMOVE),
    "spark.sql.extensions": RefusedSetting("extensions change plans, from which cbx knows what a query reads", _REMOVE),
    "spark.sql.ansi.enabled": RefusedSetting(f"{_SAME_RESULTS}, which has ANSI mode", _REMOVE),
    "spark.sql.session.timeZone": RefusedSetting(f"{_SAME_RESULTS}, whose time zone is UTC", _REMOVE),
    "spark.sql.caseSensitive": RefusedSetting(f"{_SAME_RESULTS}, where names ignore case", _REMOVE),
    "spark.sql.parquet.outputTimestampType": RefusedSetting("both engines and `cbx show` read the tables", _REMOVE),
    "spark.sql.debug.maxToStringFields": RefusedSetting("cbx compares the whole text of plans", _REMOVE),
    "spark.sql.streaming.checkpointLocation": RefusedSetting("checkpoints are in the state folder", _OTHER_FOLDER),
    "spark.sql.streaming.checkpointFileManagerClass": RefusedSetting("checkpoints are in the state folder", _REMOVE),
    "spark.sql.streaming.numRecentProgressUpdates": RefusedSetting("cbx counts rows with them", _REMOVE),
})  # fmt: skip
_NAME: Final = re.compile(r"[^\s=\x00-\x1f\x7f]+")


def refuse_setting(name: str) -> RefusedSetting | None:
    """Why a name cannot be a setting that a project or the command line sets; None if it can.

    Args:
        name: The name, such as ``spark.driver.memory``.
    """
    if not name.startswith(PREFIX) or name == PREFIX or not _NAME.fullmatch(name):
        return RefusedSetting("settings of Spark start with `spark.`", f"write `{PREFIX}{name.strip()}`")
    return _OWNED.get(name)
