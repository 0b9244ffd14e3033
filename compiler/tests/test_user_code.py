"""Compiling imports no file of a project: of a Python model only the function is called, in the tracer's process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from literate import lay_out

from cbx.compiler import compile_project
from compiler.tests.command import run_cbx

TOP_LEVEL = "from pathlib import Path\n\nPath({marker!r}).touch()\n"
MACRO = TOP_LEVEL + "\n\ndef tidy(rows):\n    return rows.dropDuplicates()\n"
MODEL = (
    "from cbx import materialized_view, ref\nfrom macros.rows import tidy\n"
    + TOP_LEVEL
    + '\n\n@materialized_view()\ndef orders(rows=ref("bronze.orders")):\n    return tidy(rows)\n'
)


@pytest.mark.parametrize("with_trace", [False, True], ids=["parsed", "traced"])
def test_the_top_level_of_a_file_is_never_run(tmp_path: Path, *, with_trace: bool) -> None:
    """Neither that of a model nor that of a macro that the model uses."""
    marker = str(tmp_path / "imported")
    files = {
        "macros/rows.py": MACRO.format(marker=marker),
        "models/bronze/orders.sql": '{{ view(columns={"id": "BIGINT"}) }}\nSELECT id FROM {{ source("raw.orders") }}\n',
        "models/silver/orders.py": MODEL.format(marker=marker),
    }
    lay_out(files, tmp_path / "shop")
    before = set(sys.modules)
    compilation = compile_project(tmp_path / "shop", with_trace=with_trace)

    assert compilation.plan is not None, compilation.diagnostics
    assert compilation.plan.traced == ({"silver.orders"} if with_trace else frozenset())
    assert not Path(marker).exists()
    assert [name for name in set(sys.modules) - before if name.startswith(("macros", "models"))] == []


WRONG = """from cbx import materialized_view, ref


@materialized_view()
def orders(rows=ref("bronze.orders")):
    return rows.select("nope")
"""


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (["list"], "silver.orders"),
        (["graph", "--format", "dot"], "silver.orders"),
        (["graph", "--format", "html", "--output", "page.html"], ""),
        (["plan"], "no environment is named"),
        (["deploy", "--env", "local"], "it is not deployed"),
        (["run", "--select", "tag:none"], "no tag `none`"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_no_trace_calls_no_function(command: list[str], output: str, tmp_path: Path) -> None:
    """So a mistake that only tracing finds is not found."""
    table = '{{ view(columns={"id": "BIGINT"}) }}\nSELECT id FROM {{ source("raw.orders") }}\n'
    lay_out({"models/bronze/orders.sql": table, "models/silver/orders.py": WRONG}, tmp_path)
    traced, untraced = run_cbx(tmp_path, *command), run_cbx(tmp_path, *command, "--no-trace")

    assert "CBX405" in traced.stderr
    assert "CBX405" not in untraced.stderr
    assert output in untraced.stdout + untraced.stderr
