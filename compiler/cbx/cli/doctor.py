"""``cbx doctor``: what is installed, what works with it, and what to type for the rest."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.text import Text

_CLIENT = "pyspark-client"
"""The client of Sail, which PySpark has, too."""
_PARTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("cbx compile", "fast", ("sqlglotc",)),
    ("Python models", "sail", ("pysail", _CLIENT, "pandas", "grpcio")),
    ("cbx test", "sail", ("pytest", "pysail", _CLIENT, "pandas", "pyarrow")),
    ("cbx run", "sail", ("pysail", _CLIENT, "pandas", "pyarrow")),
    ("Spark engine", "local", ("pyspark", "pandas", "pyarrow")),
    ("cbx show", "sail", ("pyarrow",)),
    ("cbx query", "query", ("duckdb", "pyarrow")),
    ("Delta tables", "delta", ("deltalake",)),
    ("cbx deploy", "deploy", ("databricks-sdk",)),
    ("cbx contract", "contract", ("open-data-contract-standard",)),
)
"""What works with which libraries, and the extra that installs them. `cbx compile` works without its extra."""
_PART_WIDTH = max(len(part) for part, _, _ in _PARTS)


class Finding(NamedTuple):
    """A line of the report.

    Attributes:
        part: What it is about.
        is_ready: Whether it works.
        found: What was found.
        way_out: What to type if it does not work.
        is_broken: Whether it is installed and may not work.
    """

    part: str
    is_ready: bool
    found: str
    way_out: str = ""
    is_broken: bool = False

    @property
    def mark(self) -> str:
        """Whether it works, in one word."""
        return "ready" if self.is_ready else "broken" if self.is_broken else "missing"


def doctor() -> None:
    """Check what is installed, what works with it, and what to install."""
    from cbx.cli.display.console_text import console_width, open_console, print_plain, print_words
    from cbx.version import __version__

    console = open_console(sys.stdout)
    console.print(f"cbx {__version__} on Python {platform.python_version()}, {platform.system()}\n")
    findings = [*find_all()]
    for finding in findings:
        for line in finding_lines(finding, console_width(console)):
            print_plain(console, line)
    console.print()
    missing = [finding.part for finding in findings if not finding.is_ready]
    print_words(console, f"Missing: {', '.join(missing)}. The rest is ready." if missing else "Everything is ready.")


def finding_lines(finding: Finding, width: int | None) -> Iterator[Text]:
    """The part, whether it works, what was found, and what to type below it."""
    from rich.text import Text

    from cbx.cli.display.colours import DONE, WARNING
    from cbx.cli.display.terminal_text import wrap_words

    style = DONE.style if finding.is_ready else WARNING.style
    start = f"{finding.part:<{_PART_WIDTH}}  {finding.mark:<7}  "
    indent = " " * len(start)
    for number, text in enumerate(wrap_words(start + finding.found, width, indent)):
        line = Text(text)
        if number == 0:
            line.stylize(style, _PART_WIDTH + 2, _PART_WIDTH + 9)
        yield line
    if finding.way_out:
        yield from (Text(text, style="bold") for text in wrap_words(indent + finding.way_out, width, indent))


def find_all() -> Iterator[Finding]:
    """The findings, in the order of the report."""
    yield _find_project()
    for part, extra, libraries in _PARTS:
        yield _find_libraries(part, extra, libraries)
    yield from _find_two_in_one_folder()
    yield _find_java()
    yield _find_login()


def _find_project() -> Finding:
    from cbx.project.find_project import find_project

    root = find_project(Path.cwd())
    if root is None:
        return Finding("project", False, "no project.toml here or above", "cbx init shop && cd shop")
    return Finding("project", True, str(root))


def _find_libraries(part: str, extra: str, libraries: tuple[str, ...]) -> Finding:
    versions = {}
    for library in libraries:
        is_whole = library == _CLIENT and _version_of("pyspark") is not None
        versions["pyspark" if is_whole else library] = _version_of("pyspark" if is_whole else library)
    missing = [library for library, found in versions.items() if found is None]
    if not missing:
        return Finding(part, True, ", ".join(f"{library} {found}" for library, found in versions.items()))
    install = f"pip install 'circuit-box[{extra}]'"
    if extra == "fast":
        return Finding(part, True, f"without {missing[0]}, which parses SQL four times as fast", install)
    return Finding(part, False, f"without {', '.join(missing)}", install)


def _find_two_in_one_folder() -> Iterator[Finding]:
    """PySpark and its client, if both are installed: they have the same modules."""
    versions = [f"{library} {found}" for library in ("pyspark", _CLIENT) if (found := _version_of(library)) is not None]
    if len(versions) > 1:
        found = f"{' and '.join(versions)} are installed in the same folder, where they overwrite each other's files"
        way_out = f"pip uninstall pyspark {_CLIENT} && pip install 'circuit-box[local]'"
        yield Finding("PySpark", False, found, way_out, is_broken=True)


def _version_of(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def _find_java() -> Finding:
    from cbx.runtime.spark.java import OLDEST_JAVA, find_java

    found = find_java()
    if found is not None:
        return Finding("Java", True, f"{found}; only the engine Spark needs it")
    needed = f"none of version {OLDEST_JAVA} or newer; only the engine Spark needs it, not Sail"
    return Finding("Java", False, needed, "pip install 'circuit-box[local]', which includes Java, or set JAVA_HOME")


def _find_login() -> Finding:
    """Whether there is a login to Databricks. Only the SDK reads it; its files and variables are not opened here."""
    if os.environ.get("DATABRICKS_HOST"):
        return Finding("Databricks", True, "DATABRICKS_HOST names the workspace")
    profiles = Path(os.environ.get("DATABRICKS_CONFIG_FILE", "~/.databrickscfg")).expanduser()
    if profiles.is_file():
        return Finding("Databricks", True, f"profiles of the Databricks CLI in {profiles}")
    return Finding("Databricks", False, "no login for `cbx deploy`", "databricks auth login --host https://<workspace>")
