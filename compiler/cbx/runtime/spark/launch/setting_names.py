"""The names of Spark's own settings, which Spark does not list before it runs.

They are the constant texts of the classes that define settings, in the archives of the installed Spark. Other libraries
have settings too, so a name that is none of these may be right; a name that is nearly one of these is a mistake.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple
from zipfile import ZipFile

import pyspark

from cbx.diagnostics.did_you_mean import nearest

_OF_START: Final = re.compile(
    r"/internal/config/|/StaticSQLConf|deploy/(?:k8s/Config|yarn/config)|/SparkConf|launcher/SparkLauncher"
)
_OF_SESSIONS: Final = re.compile(r"/SQLConf|/SqlApiConf")
"""The classes with settings that Spark reads when it starts, and with those that a session can change."""
_TEXT: Final = re.compile(rb"\x01(..)(spark\.[A-Za-z0-9_.]+)", re.DOTALL)
"""A constant text of a Java class: the length in two bytes, and the text (the class file format, section 4.4.7)."""
_FREE: Final = ("spark.hadoop.", "spark.sql.catalog.", "spark.databricks.", "spark.jars.", "spark.metrics.conf.")
"""The beginnings of settings whose ends are free, beside those that Spark's classes name with a dot at their end."""
_NEAR: Final = 4
"""The most characters by which a misspelt name is longer or shorter."""


class SettingNames(NamedTuple):
    """The names of settings, and the beginnings of names, with a dot at the end.

    Attributes:
        of_start: Those that Spark reads when it starts.
        of_sessions: Those that a session can change.
    """

    of_start: frozenset[str]
    of_sessions: frozenset[str]


@cache
def setting_names() -> SettingNames:
    """The names of the settings of the installed Spark."""
    of_start: set[str] = set()
    of_sessions: set[str] = set()
    for archive in sorted(Path(pyspark.__file__).parent.glob("jars/spark-*.jar")):
        with ZipFile(archive) as jar:
            for entry in jar.namelist():
                if entry.endswith(".class"):
                    for defines, names in ((_OF_START, of_start), (_OF_SESSIONS, of_sessions)):
                        names.update(_texts(jar.read(entry)) if defines.search(entry) else ())
    return SettingNames(frozenset(of_start - of_sessions), frozenset(of_sessions))


def _texts(code: bytes) -> set[str]:
    texts = set()
    for match in _TEXT.finditer(code):
        length = int.from_bytes(match[1], "big")
        if length <= len(match[2]):
            texts.add(match[2][:length].decode("ascii"))
    return texts


def is_read_at_start(name: str) -> bool:
    """Whether Spark has a setting of this name that it reads only when it starts."""
    return name in setting_names().of_start


def intended_setting(name: str) -> str | None:
    """The setting that was probably meant by a name; None if the name is right, or may be that of a library.

    Args:
        name: A name that starts with ``spark.``.
    """
    if name in _whole_names() or name.startswith((*_FREE, *_beginnings())):
        return None
    same = [known for known in _whole_names() if _is_same(name, known)]
    if same:
        return min(same)
    meant = nearest(name, _whole_names())
    return meant if meant is not None and _differs_in_one_part(name, meant) else None


@cache
def _whole_names() -> frozenset[str]:
    return frozenset(name for names in setting_names() for name in names if not name.endswith("."))


@cache
def _beginnings() -> tuple[str, ...]:
    return tuple(name for names in setting_names() for name in names if name.endswith(".") and name.count(".") > 1)


def _is_same(name: str, known: str) -> bool:
    """Whether two names have the same parts in another order, or the same letters in other parts."""
    return sorted(name.lower().split(".")) == sorted(known.lower().split(".")) or _letters(name) == _letters(known)


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _differs_in_one_part(name: str, known: str) -> bool:
    """Whether one part of a name has a typing error; two names of one library differ in more."""
    parts, right = name.split("."), known.split(".")
    different = [(part, other) for part, other in zip(parts, right, strict=False) if part != other]
    if len(parts) != len(right) or len(different) != 1:
        return False
    ((part, other),) = different
    return abs(len(part) - len(other)) <= _NEAR and nearest(part, [other]) is not None
