"""How much memory Spark gets on this machine."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVER_MEMORY: Final = "spark.driver.memory"
"""The setting."""
_SHARE: Final = 4
"""A quarter of the memory, as Java itself takes by default; Python's processes and the disk cache need the rest."""
_LEAST, _MOST = 2048, 16384
"""In megabytes."""
_MEGABYTE: Final = 1 << 20
_GROUPS: Final = Path("/proc/self/cgroup")
_LIMITS: Final = Path("/sys/fs/cgroup")


def driver_memory(groups: Path = _GROUPS, limits: Path = _LIMITS) -> str:
    """The memory of Spark's driver, as Spark writes sizes: a quarter of what this process may use, from 2 to 16 GB.

    Args:
        groups: The file with the control groups of this process.
        limits: The folder with the limits of control groups.
    """
    usable = min(filter(None, (_physical_memory(), *_group_limits(groups, limits))), default=0)
    return f"{min(max(usable // _SHARE // _MEGABYTE, _LEAST), _MOST)}m"


def _physical_memory() -> int:
    """The memory of the machine in bytes; 0 if it is unknown."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no such function
        return 0


def _group_limits(groups: Path, limits: Path) -> Iterator[int]:
    """The limits, in bytes, of the control groups of this process and those around them.

    Version 2 of control groups has one hierarchy, version 1 one for memory. In a container, the group of the process
    is the root of what it sees.
    """
    try:
        lines = groups.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = [*line.split(":", 2), "", ""][:3]
        is_second = number == "0" and not controllers
        if is_second or "memory" in controllers.split(","):
            root, name = (limits, "memory.max") if is_second else (limits / "memory", "memory.limit_in_bytes")
            group = PurePosixPath(path.lstrip("/"))
            for folder in (group, *group.parents):
                yield from _read_limit(root / folder / name)


def _read_limit(file: Path) -> Iterator[int]:
    try:
        text = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return
    if text.isdecimal():  # else it is "max"
        yield int(text)
