"""Holds the page about the pipeline API against the API, in both directions."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyspark import pipelines

from cbx.declare.reader_options import CLOUD_FILES, DATABRICKS
from cbx.runtime.api.dlt_module import api_functions
from cbx.runtime.auto_loader import AutoLoaderError
from cbx.runtime.auto_loader.options import (
    _OWN_READER_OPTIONS,
    _REFUSED_READER_OPTIONS,
    _WITHOUT_EFFECT,
    read_options,
)
from cbx.runtime.definitions import Registry
from cbx.runtime.errors import RunError

PAGE = Path(__file__).parents[2] / "docs" / "dlt-api.md"
_WORD = re.compile(r"`([^`]+)`")
_NEEDS_AN_UPDATE = ("read", "read_stream", "readStream")


@dataclass(frozen=True)
class Line:
    """What the page says of one parameter of one function, or of one option."""

    function: str
    parameter: str
    standing: str
    remark: str
    since: str = ""

    @property
    def quoted(self) -> str:
        """The words that a run says."""
        return self.remark.partition('"')[2].partition('"')[0]


def lines(page: str) -> list[Line]:
    found = []
    for section in page.split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        names = _WORD.findall(heading) or [heading]
        for row in re.findall(
            r"^\| (`.+?) \| (\w+) \| (?:(DLT|Lakeflow|Spark [\d.]+) \| )?(.*?) ?\|$", body, re.MULTILINE
        ):
            words, standing, since, remark = row
            for word in _WORD.findall(words):
                owner, bracket, parameter = word.rstrip(")").partition("(")
                pairs = [(owner, parameter)] if bracket else [(name, word) for name in names]
                found += [Line(name, own, standing, remark, since) for name, own in pairs]
    return found


LINES = [line for line in lines(PAGE.read_text(encoding="utf-8")) if not line.function.startswith("SQL ")]
OF_OPTIONS = [line for line in LINES if line.function == "Auto Loader"]
OF_FUNCTIONS = [
    line for line in LINES if line.since and (line.parameter != "flow_name" or line.function == "apply_changes")
]
OF_SPARK = {name: inspect.signature(getattr(pipelines, name)).parameters for name in pipelines.__all__}
CALLED = [line for line in OF_FUNCTIONS if line.function not in _NEEDS_AN_UPDATE]

RULES = {"has_id": "id IS NOT NULL"}
VALUES: dict[str, Any] = {
    "apply_as_deletes": "operation = 'DELETE'",
    "apply_as_truncates": "operation = 'TRUNCATE'",
    "cluster_by_auto": True,
    "condition": "id > 0",
    "format": "parquet",
    "ignore_null_updates": True,
    "max_allowable_consecutive_failures": 3,
    "once": True,
    "refresh_policy": "incremental_strict",
    "replace_using": ["id"],
    "options": {"path": "out"},
    "private": True,
    "schema": "id BIGINT",
    "sequence_by": "number",
    "spark_conf": {"spark.sql.shuffle.partitions": "2"},
    "stored_as_scd_type": 2,
    "table_properties": {"quality": "gold"},
    "temporary": True,
    **dict.fromkeys(("expect_all", "expect_all_or_drop", "expect_all_or_fail", "expectations"), RULES),
    "keys": ["id"],
    "partition_cols": ["id"],
    "cluster_by": ["id"],
}


PAIRS = ("replace_using", "sequence_by")


def value_of(parameter: str) -> Any:
    """Some value that a parameter takes: text if nothing else is known, a list for lists of columns."""
    return VALUES.get(parameter, ["id"] if parameter.endswith("_list") else f"some_{parameter}")


def api(registry: Registry) -> dict[str, Callable[..., Any]]:
    return dict(api_functions(registry, None))  # type: ignore[arg-type] # nothing is read


def parameters(name: str) -> set[str]:
    """Every parameter of a function that can be given by its name."""
    signature = inspect.signature(api(Registry())[name])
    return {
        parameter.name for parameter in signature.parameters.values() if parameter.kind is not parameter.POSITIONAL_ONLY
    }


def call(line: Line, registry: Registry) -> None:
    """Call the line's function with the line's parameter and those that it cannot do without."""
    function = api(registry)[line.function]
    every = inspect.signature(function).parameters.values()
    needed = [parameter.name for parameter in every if parameter.default is parameter.empty]
    together = PAIRS if line.function in ("table", "create_table") and line.parameter in PAIRS else ()
    made = function(**{name: value_of(name) for name in [*needed, *together, line.parameter]})
    if callable(made):
        made(lambda: None)


def test_the_page_lists_every_name() -> None:
    """A name that is missing on the page is one that nobody finds."""
    expected = set(api(Registry()))
    actual = {line.function for line in OF_FUNCTIONS}

    assert expected == actual


@pytest.mark.parametrize("name", sorted(api(Registry())))
def test_the_page_lists_every_parameter(name: str) -> None:
    """No more and no fewer than the function takes."""
    expected = parameters(name)
    actual = {line.parameter for line in OF_FUNCTIONS if line.function == name}

    assert expected == actual


@pytest.mark.parametrize("name", OF_SPARK)
def test_the_page_says_what_spark_has(name: str) -> None:
    """The installed release of Spark has exactly the parameters that the page dates to Spark."""
    expected = {parameter for parameter in OF_SPARK[name] if parameter != "query_function"}
    actual = {line.parameter for line in OF_FUNCTIONS if line.function == name and line.since.startswith("Spark")}

    assert expected == actual


def standing_of(attempt: Callable[[Registry], None]) -> tuple[str, str]:
    """How a call went, in the words of the page, and what was said."""
    registry = Registry()
    try:
        attempt(registry)
    except RunError as error:
        return "refused", error.diagnostic.message
    notes = [text for text, _ in registry.notes]
    return ("noted", " / ".join(notes)) if notes else ("supported", "")


@pytest.mark.parametrize("line", CALLED, ids=lambda line: f"{line.function}-{line.parameter}")
def test_a_parameter_is_what_the_page_says(line: Line) -> None:
    """Supported ones pass in silence, noted ones leave their one note, refused ones say why."""
    expected = (line.standing, line.quoted if line.standing != "supported" else "")
    actual = standing_of(lambda registry: call(line, registry))

    assert expected == actual


def test_the_page_lists_every_option_of_auto_loader() -> None:
    """Those that are known by name; all others go to Spark's reader or are refused."""
    own = {name for names in DATABRICKS.values() for name in names}
    special = (*_OWN_READER_OPTIONS, *_REFUSED_READER_OPTIONS, *_WITHOUT_EFFECT)
    expected = {name.lower() for name in (*CLOUD_FILES, *own, *special)}
    actual = {line.parameter.lower() for line in OF_OPTIONS}

    assert expected == actual


OPTIONS = {
    "cloudFiles.format": "json",
    "cloudFiles.schemaEvolutionMode": "rescue",
    "cloudFiles.maxBytesPerTrigger": "10g",
    "cloudFiles.schemaHints": "id BIGINT",
    "mode": "FAILFAST",
    "skipRows": "1",
}


@pytest.mark.parametrize("line", OF_OPTIONS, ids=lambda line: line.parameter)
def test_an_option_is_what_the_page_says(line: Line) -> None:
    """As for parameters."""
    file_format = "csv" if line.parameter in DATABRICKS["csv"] - DATABRICKS["json"] else "json"
    given = {"cloudFiles.format": file_format, line.parameter: OPTIONS.get(line.parameter, "true")}
    standing, said = standing_of_option(given)

    assert line.quoted in said
    assert line.standing == standing


def standing_of_option(given: dict[str, str]) -> tuple[str, str]:
    try:
        notes = read_options(given).notes
    except AutoLoaderError as error:
        return "refused", error.reason
    return ("noted", notes[0]) if len(notes) == 1 else ("supported", "")
