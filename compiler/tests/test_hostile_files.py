"""Files that are small and mean much: compiling them ends soon, with diagnostics or well."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from literate import lay_out

from cbx.compiler import compile_project

MODEL = "from cbx import *\n{before}\n@materialized_view({declaration})\ndef m(rows=source('a.b')):\n{body}"
SQL = "{{{{ materialized_view() }}}}\n{query}\n"


def python(declaration: str = "", before: str = "", body: str = "    return rows\n") -> dict[str, str]:
    return {"models/gold/m.py": MODEL.format(declaration=declaration, before=before, body=body)}


def sql(query: str) -> dict[str, str]:
    return {"models/gold/m.sql": SQL.format(query=query)}


def chain(first: str, step: str, count: int) -> str:
    return first + "".join(step.format(new=number + 1, old=number) for number in range(count))


DOUBLED = "WITH c0 AS (SELECT 1 AS x)" + "".join(
    f", c{number + 1} AS (SELECT a.*, b.x AS x{number} FROM c{number} a CROSS JOIN c{number} b)" for number in range(40)
)
LONG = "WITH c0 AS (SELECT 1 AS x)" + "".join(f", c{number + 1} AS (SELECT x FROM c{number})" for number in range(2000))
FILES: dict[str, tuple[dict[str, str], list[str]]] = {
    "queries of WITH that each read the last twice": (sql(f"{DOUBLED} SELECT * FROM c40"), []),
    "a long chain of queries of WITH": (sql(f"{LONG} SELECT x FROM c2000"), []),
    "a join of many tables": (
        sql("SELECT 1 AS x FROM a.b t " + " ".join(f"JOIN a.b t{one} ON t.x = t{one}.x" for one in range(1000))),
        [],
    ),
    "nested brackets in SQL": (sql("SELECT " + "(" * 10000 + "1" + ")" * 10000 + " AS x"), ["CBX101"]),
    "nested brackets in Python": (python("key=" + "(" * 10000 + "'a'" + ")" * 10000), ["CBX101"]),
    "nested signs in Python": (python("key=" + "-" * 10000 + "1"), ["CBX101"]),
    "texts made of constants twice as long": (
        python("description=X40", chain("X0 = 'aaaaaaaa'\n", "X{new} = f'{{X{old}}}{{X{old}}}'\n", 40)),
        ["CBX104"],
    ),
    "lists made of constants twice as long": (
        python("tags=X40", chain("X0 = ['a']\n", "X{new} = [*X{old}, *X{old}]\n", 40)),
        ["CBX104"],
    ),
    "lists of constants twice": (
        python("tags=X40", chain("X0 = ['a']\n", "X{new} = [X{old}, X{old}]\n", 40)),
        ["CBX104"],
    ),
    "a long chain of constants": (
        python("description=X3000", chain("X0 = 'a'\n", "X{new} = X{old}\n", 3000)),
        ["CBX104"],
    ),
    "a long constant many times": (python("tags=[" + "X, " * 20000 + "]", f"X = '{'a' * 100000}'"), ["CBX104"]),
    "a number of many digits": (python("description=f'{X}'", f"X = 0x{'f' * 100000}"), ["CBX103"]),
    "half of a character in a docstring": (python(body='    """\\ud800"""\n    return rows\n'), []),
    "a long chain of functions": (
        python(
            body="    return f0()\n"
            + "".join(f"def f{one}(): return f{one + 1}()\n" for one in range(5000))
            + "def f5000(): return 1\n"
        ),
        ["CBX101"],
    ),
    "constants, all of them used": (
        python(
            before="".join(f"X{one} = {one}\n" for one in range(8000)),
            body="    return rows, " + ", ".join(f"X{one}" for one in range(8000)) + "\n",
        ),
        [],
    ),
    "names that nothing defines": (
        python(
            before="".join(f"X{one} = {one}\n" for one in range(3000)),
            body="    return " + ", ".join(f"Y{one}" for one in range(3000)) + "\n",
        ),
        ["CBX205"],
    ),
    "comments that are never closed": (sql("/* " * 200000 + "SELECT 1 AS x"), ["CBX101"]),
    "quotes that are never closed": (sql("SELECT '" + "\\'" * 200000), ["CBX101"]),
    "templates' comments that are never closed": ({"models/gold/m.sql": "{# " * 200000}, ["CBX105"]),
    "texts of declarations that are never closed": (
        {"models/gold/m.sql": "{{ view('''" + "\\'''" * 100000},
        ["CBX101"],
    ),
    "queries that each begin with FROM": (sql("SELECT 1 AS x, " + "FROM " * 100000), ["CBX101"]),
    "queries of FROM in brackets": (sql("SELECT 1 AS x FROM (" + "FROM (" * 100000), ["CBX101"]),
    "nested types in SQL": (sql("SELECT CAST(1 AS " + "ARRAY<" * 100000 + ") AS x"), ["CBX101"]),
    "nested types of columns": (
        python("columns={'x': '" + "STRUCT<a:" * 50000 + "INT" + ">" * 50000 + "'}"),
        ["CBX103"],
    ),
    "an expectation of nested types": (
        python("expectations=[expect('e', 'CAST(x AS " + "ARRAY<" * 50000 + ")')]"),
        ["CBX406"],
    ),
    "an expectation of nested brackets": (
        python(f"expectations=[expect('e', '{'(' * 9000}a{')' * 9000}')]"),
        ["CBX406"],
    ),
}


@pytest.mark.parametrize(("files", "expected"), FILES.values(), ids=FILES.keys())
def test_files_that_mean_much_end_soon(files: dict[str, str], expected: list[str], tmp_path: Path) -> None:
    """With these codes, and those that follow from an argument left out, within seconds of the processor's time."""
    lay_out(files, tmp_path)
    started = time.process_time()
    compilation = compile_project(tmp_path, with_trace=False)
    errors = {one.code.id for one in compilation.diagnostics if one.severity.value == "error"}
    mentioned = errors - {"CBX103"} if "CBX104" in errors else errors

    assert sorted(mentioned) == expected
    assert time.process_time() - started < 8
