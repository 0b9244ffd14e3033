"""Makes Hadoop's settings small.

Whenever Spark lists, reads or writes files, it copies all of Hadoop's settings and sends them to the tasks. Two thirds
are defaults of YARN and MapReduce; and with each setting goes, compressed by itself, the name of the file that it is
from. Together they were a quarter of the processor time of a small update.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JJavaError
from pyspark import SparkConf, SparkContext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_LEFT_OUT = ("mapred-default.xml", "yarn-default.xml")
_YARN = "yarn"
"""The master that needs these defaults."""


@contextlib.contextmanager
def leave_out_engine_defaults(scratch: Path, master: str, settings: Mapping[str, str]) -> Iterator[None]:
    """Start Java, and let the Spark context that is made while this lasts find empty files in place of the defaults.

    Hadoop looks for its files with the class loader of the thread that makes the context.

    Args:
        scratch: Where the empty files are written.
        master: The master of the Spark context.
        settings: The settings with which Java starts.
    """
    SparkContext._ensure_initialized(conf=SparkConf().setAll([*settings.items()]))  # noqa: SLF001 - starts Java alone
    thread: Any = SparkContext._jvm.java.lang.Thread.currentThread()  # type: ignore[union-attr]  # noqa: SLF001 - Java has no Python face
    before = thread.getContextClassLoader()
    if not master.startswith(_YARN):
        thread.setContextClassLoader(_loader_of_empty_files(scratch / "hadoop", before))
    try:
        yield
    finally:
        thread.setContextClassLoader(before)


def _loader_of_empty_files(folder: Path, parent: Any) -> Any:
    """A class loader that finds the empty files before those of Hadoop, and everything else with its parent."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _LEFT_OUT:
        (folder / name).write_text("<configuration/>\n", encoding="utf-8")
    gateway: Any = SparkContext._gateway  # noqa: SLF001 - as above
    java = gateway.jvm
    urls = gateway.new_array(java.java.net.URL, 1)
    urls[0] = java.java.io.File(str(folder)).toURI().toURL()
    return java.org.apache.spark.util.ChildFirstURLClassLoader(urls, parent)


def forget_sources(context: SparkContext) -> None:
    """Forget which file each of Hadoop's settings is from, which only its debugging pages show."""
    hadoop: Any = context._jsc.hadoopConfiguration()  # noqa: SLF001 - as above
    hadoop.size()  # Hadoop reads its files when it is first asked.
    with contextlib.suppress(Py4JJavaError):
        sources = hadoop.getClass().getDeclaredField("updatingResource")
        sources.setAccessible(True)
        sources.get(hadoop).clear()
