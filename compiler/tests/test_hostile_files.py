"""Files that are small and mean much: compiling them ends soon, with diagnostics or well."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from literate import MINIMAL_PROJECT, lay_out

from cbx.compiler import compile_project

pytestmark = pytest.mark.slow

MODEL = "from cbx import *\n{before}\n@materialized_view({declaration})\ndef m(rows=source('a.b')):\n{body}"
SQL = "{{{{ materialized_view() }}}}\n{query}\n"


def python(declaration: str = "", before: str = "", body: str = "    return rows\n") -> dict[str, str]:
    return {"models/gold/m.py": MODEL.format(declaration=declaration, before=before, body=body)}


def sql(query: str) -> dict[str, str]:
    return {"models/gold/m.sql": SQL.format(query=query)}


def toml(settings: str) -> dict[str, str]:
    return {"project.toml": MINIMAL_PROJECT + settings, **sql("SELECT 1 AS x")}


def chain(first: str, step: str, count: int) -> str:
    return first + "".join(step.format(new=number + 1, old=number) for number in range(count))


WIDE = {"models/gold/wide.sql": SQL.format(query="SELECT " + ", ".join(f"1 AS x{number}" for number in range(5000)))}
DOUBLED = "WITH c0 AS (SELECT 1 AS x)" + "".join(
    f", c{number + 1} AS (SELECT a.*, b.x AS x{number} FROM c{number} a CROSS JOIN c{number} b)" for number in range(40)
)
LONG = "WITH c0 AS (SELECT 1 AS x)" + "".join(f", c{number + 1} AS (SELECT x FROM c{number})" for number in range(2000))
FILES: dict[str, tuple[dict[str, str], list[str]]] = {
    "queries of WITH that each read the last twice": (sql(f"{DOUBLED} SELECT * FROM c40"), []),
    "a long chain of queries of WITH": (sql(f"{LONG} SELECT x FROM c2000"), []),
    "a join of many tables": (
        sql("SELECT 1 AS x FROM a.b t " + " ".join(f"JOIN a.b t{index} ON t.x = t{index}.x" for index in range(1000))),
        [],
    ),
    "settings that there are not": (toml("".join(f"x{index} = 1\n" for index in range(5000))), ["CBX002"]),
    "settings of environments that there are not": (
        toml("".join(f"[environments.e{index}]\nx = 1\n" for index in range(5000))),
        ["CBX002"],
    ),
    "settings that a bundle would take for its own": (
        toml("[environments.dev]\n[vars]\n" + "".join(f"x{index} = '${{a}}'\n" for index in range(5000))),
        ["CBX002"],
    ),
    "a key of white space twice": (toml(f"x = {{'{' ' * 200000}' = 1, '{' ' * 200000}' = 2}}"), ["CBX002"]),
    "a key of keys": (toml("[" + "a." * 200000 + "a]"), ["CBX002"]),
    "a folder of folders": (toml(f"[environments.dev]\nroot_path = '~{'/a' * 200000}/'"), ["CBX002"]),
    "many environments": (toml("".join(f"[environments.e{index}]\n" for index in range(5000))), []),
    "many environments of many variables": (
        toml(
            "".join(f"[environments.e{index}]\n" for index in range(5000))
            + "[vars]\n"
            + "".join(f"x{index} = 1\n" for index in range(5000))
        ),
        ["CBX002"],
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
    "half of a character in a docstring": (
        python(body='    """\\ud800"""\n    return rows\n'),
        ["CBX101"] if sys.version_info >= (3, 13) else [],  # Python 3.13 compiles none
    ),
    "a long chain of functions": (
        python(
            body="    return f0()\n"
            + "".join(f"def f{index}(): return f{index + 1}()\n" for index in range(5000))
            + "def f5000(): return 1\n"
        ),
        ["CBX101"],
    ),
    "constants, all of them used": (
        python(
            before="".join(f"X{index} = {index}\n" for index in range(8000)),
            body="    return rows, " + ", ".join(f"X{index}" for index in range(8000)) + "\n",
        ),
        [],
    ),
    "more statements than anybody writes": (python() | {"macros/m.py": "a = 1\n" * 150000}, ["CBX101"]),
    "names that no file of macros defines": (
        python(
            before="from macros.m import " + ", ".join(f"g{index}" for index in range(10000)),
            body="    return " + ", ".join(f"g{index}" for index in range(10000)) + "\n",
        )
        | {"macros/m.py": "".join(f"def f{index}(): return 1\n" for index in range(10000))},
        ["CBX205"],
    ),
    "variables, all of them used": (
        toml("[vars]\n" + "".join(f"x{index} = 1\n" for index in range(10000)))
        | sql("SELECT " + "".join(f"'{{{{ var('x{index}') }}}}' AS x{index}, " for index in range(10000)) + "1 AS x"),
        [],
    ),
    "a file that is read a thousand times": (
        {
            "models/gold/m.py": "from cbx import *\n@streaming_table(columns={'x': 'INT'})\ndef m("
            + "".join(f"a{index}=auto_loader('/a', format='json'), " for index in range(2000))
            + "):\n    return a1\n"
        },
        [],
    ),
    "names that nothing defines": (
        python(
            before="".join(f"X{index} = {index}\n" for index in range(3000)),
            body="    return " + ", ".join(f"Y{index}" for index in range(3000)) + "\n",
        ),
        ["CBX205"],
    ),
    "comments that are never closed": (sql("/* " * 200000 + "SELECT 1 AS x"), ["CBX101"]),
    "quotes that are never closed": (sql("SELECT '" + "\\'" * 200000), ["CBX101"]),
    "templates' comments that are never closed": ({"models/gold/m.sql": "{# " * 200000}, ["CBX105"]),
    "texts of declarations that end in a backslash": ({"models/gold/m.sql": "{{ view(" + "'\\" * 200000}, ["CBX101"]),
    "a query of files, nested": (
        sql("SELECT " + "(" * 10000 + "1" + ")" * 10000 + " AS x FROM {{ auto_loader('/a', format='json') }}"),
        ["CBX101"],
    ),
    "a long chain of methods on files": (
        {
            "models/gold/m.py": "from cbx import *\nfrom pyspark.sql import functions as F\n"
            "@streaming_table(columns={'x': 'INT'})\n"
            "def m(rows=auto_loader('/a', format='json')):\n    return rows"
            + ".withColumn('x', F.col('y'))" * 1000
            + "\n"
        },
        [],
    ),
    "texts of declarations that are never closed": (
        {"models/gold/m.sql": "{{ view('''" + "\\'''" * 100000},
        ["CBX101"],
    ),
    "queries that each begin with FROM": (sql("SELECT 1 AS x, " + "FROM " * 100000), ["CBX101"]),
    "queries of FROM in brackets": (sql("SELECT 1 AS x FROM (" + "FROM (" * 100000), ["CBX101"]),
    "queries of FROM in joins": (sql("SELECT 1 AS x FROM a JOIN " + "FROM a JOIN " * 20000), ["CBX101"]),
    "queries of FROM in lateral joins": (
        sql("SELECT 1 AS x FROM a JOIN " + "LATERAL FROM a JOIN " * 20000),
        ["CBX101"],
    ),
    "joins without conditions": (sql("SELECT 1 AS x FROM a.b t " + "JOIN a.b " * 30), ["CBX101"]),
    "joins of queries of such joins": (
        sql("SELECT 1 AS x FROM a.b t " + "JOIN a.b JOIN (SELECT 1 AS y FROM a.b t " * 30 + ")" * 30),
        ["CBX101"],
    ),
    "joins that seem to have conditions": (sql("SELECT 1 AS x FROM a.b t " + "JOIN a.on AS on " * 30), ["CBX101"]),
    "joins without conditions, in a query each": (
        sql("SELECT 1 AS x FROM a.b t JOIN a.b u UNION ALL " * 100 + "SELECT 1 AS x"),
        ["CBX206"],
    ),
    "joins whose conditions stand at the end": (
        sql("SELECT 1 AS x FROM a.b t " + "JOIN a.b u " * 8 + "ON true " * 8 + "CROSS JOIN a.b " * 40),
        ["CBX206"],
    ),
    "a query of very many words": (sql("SELECT " + "1," * 120000 + "1 AS x"), ["CBX101"]),
    "subscripts of subscripts": (sql("SELECT a" + "[1]" * 300000 + " AS x FROM a.b"), ["CBX101"]),
    "methods of methods": (sql("SELECT a" + ".f()" * 20000 + " AS x FROM a.b"), ["CBX101"]),
    "tables behind commas": (sql("SELECT 1 AS x FROM a.b" + ", a" * 90000), []),
    "lateral views": (sql("SELECT x FROM a.b " + "LATERAL VIEW explode(x) t AS y " * 20000), []),
    "stars of a wide table": (sql("SELECT " + "*, " * 20000 + '* FROM {{ ref("gold.wide") }}') | WIDE, []),
    "a wide table joined with itself": (
        sql('SELECT * FROM {{ ref("gold.wide") }} a' + ' CROSS JOIN {{ ref("gold.wide") }} b' * 5000) | WIDE,
        [],
    ),
    "nested types in SQL": (sql("SELECT CAST(1 AS " + "ARRAY<" * 100000 + ") AS x"), ["CBX101"]),
    "nested types of columns": (
        python("columns={'x': '" + "STRUCT<a:" * 50000 + "INT" + ">" * 50000 + "'}"),
        ["CBX103"],
    ),
    "an expectation of nested types": (
        python("expectations=[expect('e', 'CAST(x AS " + "ARRAY<" * 50000 + ")')]"),
        ["CBX406"],
    ),
    "a variable of a thousand tables": (toml(f"[vars]\n{'.'.join('a' * 1000)} = 1\n"), ["CBX002"]),
    "a setting of a thousand tables": (
        toml(f"[environments.prod.pipeline]\nphoton{'.a' * 999} = 1\n"),
        ["CBX002"],
    ),
    "a configuration of a thousand tables": (
        toml(f"[environments.prod.pipeline.configuration]\n{'.'.join('a' * 1000)} = 1\n"),
        [],
    ),
    "an expectation of queries in joins": (
        python(f"expectations=[expect('e', '{'FROM a JOIN ' * 20000}x')]"),
        ["CBX406"],
    ),
    "an expectation of joins without conditions": (
        python(f"expectations=[expect('e', 'EXISTS (SELECT 1 FROM a {'JOIN a ' * 30})')]"),
        ["CBX406"],
    ),
    "an f-string of many parts": (python(before=f"X = f'{'{1}' * 200000}'\n"), ["CBX101"]),
    "a declaration of an f-string of many parts": (
        {"models/gold/m.sql": f"{{{{ view(description=f'{'{1}' * 200000}') }}}}\nSELECT 1 AS x\n"},
        ["CBX101"],
    ),
    "an expectation of nested brackets": (
        python(f"expectations=[expect('e', '{'(' * 9000}a{')' * 9000}')]"),
        ["CBX406"],
    ),
}


MOST_SECONDS = 16
"""The slowest needs six on an idle machine, and a third more beside other work; without a limit it would be hours."""


@pytest.mark.parametrize(("files", "expected"), FILES.values(), ids=FILES.keys())
def test_files_that_mean_much_end_soon(files: dict[str, str], expected: list[str], tmp_path: Path) -> None:
    """With these codes, and those that follow from an argument left out, within seconds of the processor's time."""
    lay_out(files, tmp_path)
    started = time.process_time()
    compilation = compile_project(tmp_path, with_trace=False)
    errors = {diagnostic.code.id for diagnostic in compilation.diagnostics if diagnostic.severity.value == "error"}
    mentioned = errors - {"CBX103"} if "CBX104" in errors else errors

    assert sorted(mentioned) == expected
    assert time.process_time() - started < MOST_SECONDS
