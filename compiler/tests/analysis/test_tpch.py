"""The verdicts on the natural keys of a TPC-H project, as the documentation lists them.

The project has the eight tables, the 22 queries as SQL models, and ten Python models.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from tpch_tables import RELATIONSHIPS, TABLES

from cbx.analysis.from_sql import read_query
from cbx.analysis.verdicts import KeyProven, judge_key
from cbx.compiler import compile_project

HERE = Path(__file__).parent
PROJECT = HERE / "tpch"
PAGE = HERE.parents[1] / "docs" / "grain.md"
ROW = re.compile(r"^\| (\d+|`\w+`) \| [^|]+ \| ([^|]+) \| (\w+) \|", re.MULTILINE)


def read_page() -> dict[str, tuple[list[str], str]]:
    """The rows of the tables in the documentation: the model, its key and the verdict."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return {
        f"q{int(name):02}" if name.isdecimal() else name.strip("`"): (re.findall(r"`(\w+)`", key), verdict)
        for name, key, verdict in rows
    }


def test_the_project_compiles_to_the_documented_verdicts(tmp_path: Path) -> None:
    """Each verdict was worked out by hand from the primary keys alone."""
    pytest.importorskip("pysail", reason="tracing needs the extra `trace`")
    shutil.copytree(PROJECT, tmp_path / "tpch")
    compilation = compile_project(tmp_path / "tpch")
    manifest = json.loads(next(artifact.text for artifact in compilation.artifacts if artifact.path == "manifest.json"))
    models = {
        name.removeprefix("gold."): model for name, model in manifest["models"].items() if name.startswith("gold.")
    }
    actual = {name: (model["key"] or [], model["key_verdict"]) for name, model in models.items()}

    assert actual == {name: (key, verdict if key else None) for name, (key, verdict) in read_page().items()}


@pytest.mark.parametrize("name", [name for name, (key, _) in read_page().items() if not key])
def test_a_query_of_one_row_needs_no_key(name: str) -> None:
    """Where the documentation names no key, the query has one row."""
    _, body = (PROJECT / f"models/gold/{name}.sql").read_text(encoding="utf-8").split("\n", 1)
    query = read_query(re.sub(r'\{\{ ref\("bronze\.(\w+)"\) \}\}', r"\1", body), TABLES)

    assert isinstance(judge_key(query.relation, (), RELATIONSHIPS), KeyProven)
