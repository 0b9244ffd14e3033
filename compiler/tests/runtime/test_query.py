"""`cbx query`: queries over local tables, which only read."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from cbx.diagnostics.source_files import SourceFile
from cbx.runtime.errors import RunError
from cbx.runtime.names import DatasetName
from cbx.runtime.query.run_query import run_query
from cbx.runtime.tables.store import TableFolder, TableState
from compiler.tests.command import run_cbx

NOON = dt.datetime(2026, 1, 2, 12, tzinfo=dt.timezone.utc)
ORDERS = pa.table(
    {
        "id": [1, 2, 3],
        "amount": pa.array([Decimal("20.50"), Decimal("4.25"), None], pa.decimal128(10, 2)),
        "at": pa.array([NOON] * 3, pa.timestamp("us", tz="UTC")),
        "local": pa.array([NOON.replace(tzinfo=None)] * 3, pa.timestamp("us")),
        "items": pa.array([[{"sku": "a", "count": 2}], [], None]),
        "tags": pa.array([[("k", "v")], [], None], pa.map_(pa.string(), pa.string())),
        "raw": pa.array([b"\x00\xff", b"", None]),
        "ratio": pa.array([0.1, 0.2, None], pa.float32()),
    }
)


def write_table(state: Path, name: str, rows: pa.Table | None, columns: tuple[tuple[str, str], ...] = ()) -> None:
    """A table as a run leaves it: a file and the pointer, or the pointer alone."""
    folder = TableFolder(state, DatasetName.parse(name))
    folder.rows("v1").mkdir(parents=True)
    if rows is not None:
        pq.write_table(rows, folder.rows("v1") / "part-0.parquet")
    fields = [{"name": column, "type": kind, "nullable": True, "metadata": {}} for column, kind in columns]
    folder.commit(TableState(name, "batch", "v1", 1, 1, json.dumps({"type": "struct", "fields": fields})))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    write_table(tmp_path, "silver.Orders", ORDERS)
    write_table(tmp_path, "cities", pa.table({"city": ["Rome"]}))
    return tmp_path


def rows(state: Path, sql: str, limit: int = 0) -> list[tuple[object, ...]]:
    peek = run_query(state, SourceFile("query", sql), {}, limit)
    return [tuple(row.values()) for row in peek.read_all().to_pylist()]


def errors(state: Path, *arguments: str | Path) -> tuple[int, list[str]]:
    done = run_cbx(state, "query", *arguments, "--state", state)
    assert done.stdout == ""
    return done.returncode, [line.rstrip() for line in done.stderr.partition("\n\n")[0].splitlines()]


def test_names_have_any_case_and_a_schema_or_none(state: Path) -> None:
    """As in a model; also in a subquery, a join, and with quotation marks."""
    sql = """
        SELECT o.id, city FROM SILVER.orders AS o JOIN "Cities" ON true
        WHERE o.id IN (SELECT max(id) FROM silver."orders")
    """

    assert rows(state, sql) == [(3, "Rome")]


def test_types_are_those_of_the_table(state: Path) -> None:
    """What comes out of a query has the types that went in."""
    peek = run_query(state, SourceFile("query", "FROM silver.orders ORDER BY id"), {}, 1)
    rows = peek.read_all()

    assert peek.total == 3
    assert rows.drop(["ratio"]).to_pylist() == ORDERS.drop(["ratio"]).slice(0, 1).to_pylist()
    assert peek.schema.field("amount").type == pa.decimal128(10, 2)
    assert peek.schema.field("at").type == pa.timestamp("us", tz="UTC")
    assert rows["ratio"].to_pylist() == [0.1]


@pytest.mark.parametrize("sql", ["SELECT sum(n) AS s, min(d) AS d FROM gold.empty", "SELECT n AS s, d FROM gold.empty"])
def test_a_table_without_rows_has_its_types(tmp_path: Path, sql: str) -> None:
    write_table(tmp_path, "gold.empty", None, (("n", "decimal(9,2)"), ("d", "date")))
    peek = run_query(tmp_path, SourceFile("query", sql), {}, 0)

    assert pa.types.is_decimal(peek.schema.field("s").type)
    assert peek.schema.field("d").type == pa.date32()


def test_an_id_of_a_model_is_a_name_of_its_table(state: Path) -> None:
    """A project may give its tables other names than its models."""
    project = state / "project"
    (project / "target").mkdir(parents=True)
    (project / "project.toml").write_text('[project]\nname = "shop"\n')
    manifest = {"models": {"silver.sales": {"dataset": "silver.orders"}, "gold.sales": {"dataset": "gold.sales"}}}
    (project / "target" / "manifest.json").write_text(json.dumps(manifest))
    shared = ("--project", project, "--state", state, "--format", "csv")
    queried = run_cbx(state, "query", "SELECT count(*) AS n FROM silver.Sales", *shared)
    shown = run_cbx(state, "show", "silver.Sales", *shared)

    assert queried.stdout == "n\n3\n"
    assert shown.stdout.splitlines()[0] == ",".join(ORDERS.column_names)


def test_columns_of_one_name_are_all_kept(state: Path) -> None:
    done = run_cbx(state, "query", "SELECT 1 AS a, 2 AS a, 3 AS a_1", "--state", state, "--format", "json")

    assert done.stdout == '{"a": 1, "a_2": 2, "a_1": 3}\n'


@pytest.mark.parametrize(
    "sql",
    [
        "SUMMARIZE silver.orders",
        "DESCRIBE silver.orders",
        "EXPLAIN FROM silver.orders",
        "WITH big AS (FROM silver.orders) SELECT * FROM big",
        "VALUES (1)",
    ],
)
def test_what_only_reads_may_run(state: Path, sql: str) -> None:
    assert rows(state, sql)


def test_a_query_is_read_from_a_file_and_from_the_standard_input(state: Path) -> None:
    (state / "count.sql").write_text("-- How many?\nSELECT count(*) AS n\nFROM silver.orders;\n")
    of_file = run_cbx(state, "query", "count.sql", "--state", state, "--format", "json")
    command = [sys.executable, "-m", "cbx", "query", "-", "--state", str(state), "--format", "csv"]
    piped = subprocess.run(command, input="FROM cities", capture_output=True, text=True, check=True)

    assert (of_file.stdout, piped.stdout) == ('{"n": 3}\n', "city\nRome\n")


@pytest.mark.parametrize(
    ("sql", "lines"),
    [
        (
            "SELECT *\nFROM silver.oders",
            [
                "error[CBX503] unknown-table: there is no table `silver.oders` in STATE",
                " --> query:2:6",
                "  |",
                "2 | FROM silver.oders",
                "  |      ^^^^^^^^^^^^",
                "  = hint: did you mean `silver.orders`? the tables are cities, silver.orders",
            ],
        ),
        (
            "SELECT 'é', amuont FROM silver.orders",
            [
                "error[CBX501] query-failed: referenced column `amuont` not found in FROM clause",
                " --> query:1:13",
                "  |",
                "1 | SELECT 'é', amuont FROM silver.orders",
                "  |             ^^^^^^",
                "  = hint: did you mean `amount`?",
            ],
        ),
        (
            "FROM gold.orders",
            [
                "error[CBX503] unknown-table: there is no table `gold.orders` in STATE",
                " --> query:1:6",
                "  |",
                "1 | FROM gold.orders",
                "  |      ^^^^^^^^^^^",
                "  = hint: did you mean `silver.orders`? the tables are cities, silver.orders",
            ],
        ),
        (
            "SELECT CAST('x' AS INT)",
            [
                "error[CBX501] query-failed: could not convert string 'x' to INT32",
                " --> query:1:8",
                "  |",
                "1 | SELECT CAST('x' AS INT)",
                "  |        ^^^^^^^^^^^^^^^^",
            ],
        ),
    ],
    ids=["table", "column", "schema", "value"],
)
def test_an_error_has_its_place_and_a_way_out(state: Path, sql: str, lines: list[str]) -> None:
    status, shown = errors(state, sql)

    assert (status, shown) == (1, [line.replace("STATE", ".") for line in lines])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM glob('{file}')",
        "SELECT * FROM sniff_csv('{file}')",
        "SELECT * FROM duckdb_secrets()",
    ],
)
def test_a_query_reads_no_files(state: Path, sql: str) -> None:
    file = state / "other.csv"
    file.write_text("a\n1\n")
    with pytest.raises(RunError) as caught:
        rows(state, sql.format(file=file))

    assert caught.value.diagnostic.message == "a query cannot read or write files"


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("COPY (SELECT 1) TO '{file}'", "a COPY"),
        ("ATTACH '{file}'", "an ATTACH"),
        ("CREATE TABLE t AS SELECT 1", "a CREATE"),
        ("INSERT INTO silver.orders SELECT 1", "an INSERT"),
        ("DROP VIEW silver.orders", "a DROP"),
        ("SET enable_external_access = true", "a SET"),
        ("INSTALL httpfs", "a LOAD"),
        ("SELECT 1; COPY (SELECT 1) TO '{file}'", "a COPY"),
    ],
)
def test_what_does_not_only_read_is_refused(state: Path, sql: str, kind: str) -> None:
    file = state / "written.csv"
    with pytest.raises(RunError) as caught:
        rows(state, sql.format(file=file))

    assert caught.value.diagnostic.message == f"`cbx query` only reads, and this is {kind} statement"
    assert not file.exists()


def test_what_explain_analyzes_is_sandboxed_too(state: Path) -> None:
    """It runs the statement behind it."""
    with pytest.raises(RunError):
        rows(state, f"EXPLAIN ANALYZE COPY (SELECT 1) TO '{state}/written.csv'")

    assert not (state / "written.csv").exists()


def test_only_one_query_runs(state: Path) -> None:
    assert errors(state, "SELECT 1; SELECT 2")[1][0].endswith("`cbx query` runs one query, and these are 2")
    assert errors(state, " ")[0] == 2


def test_without_duckdb_the_extra_is_named(state: Path) -> None:
    program = (
        "import sys; from importlib.abc import MetaPathFinder\n"
        "import importlib.util as util; real = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'duckdb' else real(name, *rest)\n"
        "from cbx.cli import main\n"
        f"sys.argv = ['cbx', 'query', 'SELECT 1', '--state', {str(state)!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "pip install 'circuit-box[query]'" in done.stderr


def test_a_query_loads_no_spark(state: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from cbx.diagnostics.source_files import SourceFile\n"
        "from cbx.runtime.query.run_query import run_query\n"
        f"run_query(Path({str(state)!r}), SourceFile('query', 'FROM silver.orders'), {{}}, 0)\n"
        "print('pyspark' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("INTERVAL '1 month -2 days 3.5 seconds'", "1 month -2 days 3.5 seconds"),
        ("INTERVAL '0 days'", "0 seconds"),
        ("DATE '20000-01-01'", "20000-01-01"),
        ("TIMESTAMP '20000-01-01 10:00:00'", "20000-01-01 10:00:00.000000"),
        ("TIMESTAMPTZ '2026-01-01 02:00:00+02'", "2026-01-01 00:00:00"),
        ("1.50::DECIMAL(9, 2)", "1.50"),
        ("'\\x00\\xFF'::BLOB", "00ff"),
        ("MAP {'a': [1, NULL]}", '{"a": [1, null]}'),
        ("[MAP {'a': 1}]::MAP(VARCHAR, INT)[1]", '[{"a": 1}]'),
    ],
)
def test_a_value_of_any_type_has_a_text(state: Path, sql: str, shown: str) -> None:
    """Also what Python has no value for."""
    done = run_cbx(state, "query", f"SELECT {sql} AS value", "--state", state)

    assert [line.strip() for line in done.stdout.splitlines()][3] == shown


@pytest.mark.parametrize("name", ["temp.orders", "information_schema.orders", "pg_catalog.orders", "main.orders"])
def test_a_table_with_a_name_of_duckdb_does_not_disturb_others(state: Path, name: str) -> None:
    """It is in the text of the query, and is not meant."""
    write_table(state, name, pa.table({"id": [7]}))

    assert rows(state, "SELECT count(*) FROM silver.orders") == [(3,)]


def test_a_catalog_is_not_part_of_a_name(state: Path) -> None:
    """`cbx run` ignores it; the error says what to write."""
    assert errors(state, "FROM main.silver.orders")[1][-1] == "  = hint: write it as `silver.orders`"


def test_a_delta_table_that_a_notebook_saved_is_queried(state: Path) -> None:
    """It is in the state folder, beside the tables of the pipeline."""
    folder = state / "saved" / "ops" / "alerts"
    folder.mkdir(parents=True)
    write_deltalake(str(folder), pa.table({"id": [1, 2]}))
    write_deltalake(str(folder), pa.table({"id": [3]}), mode="append")

    assert rows(state, "SELECT count(*), max(a.id) FROM ops.alerts a JOIN silver.orders o USING (id)") == [(3, 3)]
