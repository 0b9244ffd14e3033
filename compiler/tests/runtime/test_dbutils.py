"""``dbutils`` in notebooks, and notebooks that run others with ``%run``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cbx.runtime.errors import RunError
from cbx.runtime.notebooks.dbutils import Dbutils, environment_name
from cbx.runtime.notebooks.source_files import source_files
from compiler.tests.runtime.pipelines import problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from compiler.tests.runtime.pipelines import Pipeline

HEAD = "# Databricks notebook source\n"
CELL = "\n# COMMAND ----------\n\n"
TABLE = """import dlt


@dlt.table
def t():
    return spark.createDataFrame([(value,)], "value STRING")
"""


def dbutils(**configuration: str) -> Any:
    return Dbutils.of(configuration.get)


def test_a_widget_has_the_first_value_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default, the environment, the command line, the argument of %run: each wins over those before."""
    monkeypatch.delenv("CBX_WIDGET_RUN_DATE", raising=False)
    utilities = dbutils()
    utilities.widgets.text("run date", "default")
    values = [utilities.widgets.get("run date")]
    monkeypatch.setenv("CBX_WIDGET_RUN_DATE", "environment")
    values.append(utilities.widgets.get("run date"))
    configured = dbutils(**{"run date": "command line"})
    values.append(configured.widgets.get("run date"))
    configured.widgets.arguments["run date"] = "argument"
    values.append(configured.widgets.get("run date"))

    assert values == ["default", "environment", "command line", "argument"]


def test_widgets_of_every_kind() -> None:
    """Their choices are not checked, as on Databricks."""
    widgets = dbutils().widgets
    widgets.text("a", "1", "A label")
    widgets.dropdown("b", "2", ["2", "3"])
    widgets.combobox("c", "3", ["3"], "A label")
    widgets.multiselect(name="d", defaultValue="4", choices=["4", "5"])
    widgets.text("e", "5")
    widgets.remove("e")

    assert widgets.getAll() == {"a": "1", "b": "2", "c": "3", "d": "4"}
    assert (widgets.getArgument("e", "6"), widgets.getArgument("a", "6")) == ("6", "1")
    widgets.removeAll()
    assert widgets.getAll() == {}


def test_a_secret_comes_from_the_environment_or_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment wins, since a secret on a command line is seen by others."""
    utilities = dbutils(**{"kafka-prod.api.key": "x"})
    first = utilities.secrets.get("kafka-prod", "api.key")
    monkeypatch.setenv("CBX_SECRET_KAFKA_PROD_API_KEY", "y")

    assert (first, utilities.secrets.get(scope="kafka-prod", key="api.key")) == ("x", "y")
    assert utilities.secrets.getBytes("kafka-prod", "api.key") == b"y"
    assert environment_name("secret", "kafka-prod", "api.key") == "CBX_SECRET_KAFKA_PROD_API_KEY"


WAY_OUT = (
    "set it with --var region=..., with the environment variable CBX_WIDGET_REGION, or give it a default: "
    'dbutils.widgets.text("region", "...")'
)
REFUSED: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "a widget": (
        lambda utilities: utilities.widgets.get("region"),
        "the widget `region` has no value",
        WAY_OUT,
    ),
    "a secret": (
        lambda utilities: utilities.secrets.get("s", "k"),
        "the secret `k` of the scope `s` has no value",
        "set the environment variable CBX_SECRET_S_K, or --var s.k=...",
    ),
    "files": (
        lambda utilities: utilities.fs.ls("/"),
        "dbutils.fs needs a Databricks workspace",
        "use os and pathlib, which work on volumes and local folders",
    ),
    "scopes": (
        lambda utilities: utilities.secrets.listScopes(),
        "dbutils.secrets.listScopes needs a Databricks workspace",
        "the functions are get, getBytes",
    ),
    "a misspelt function": (
        lambda utilities: utilities.widgets.gett("a"),
        "dbutils.widgets.gett needs a Databricks workspace",
        "the functions are text, dropdown, combobox, multiselect, get, getAll, getArgument, remove, removeAll",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_value_or_needs_a_workspace_is_refused(case: str) -> None:
    """With a way out."""
    call, message, hint = REFUSED[case]
    with pytest.raises(RunError) as raised:
        call(dbutils())

    assert (raised.value.diagnostic.message, raised.value.diagnostic.hint) == (message, hint)


@pytest.mark.needs_spark("the environment of this process")
def test_a_notebook_reads_widgets_and_secrets(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also through ``DBUtils`` of a file."""
    monkeypatch.setenv("CBX_SECRET_S_K", "secret")
    pipeline.notebook(
        """
        import dlt
        from pyspark.dbutils import DBUtils

        dbutils.widgets.dropdown("zone", "EU", ["EU", "US"])
        values = [dbutils.widgets.get("region"), getArgument("zone"), DBUtils(spark).secrets.get("s", "k")]

        @dlt.table
        def t():
            return spark.createDataFrame([tuple(values)], "a STRING, b STRING, c STRING")
        """
    )
    pipeline.succeed(configuration={"region": "north"})

    assert pipeline.rows("t") == [("north", "EU", "secret")]


@pytest.mark.parametrize("target", ["./lib/common", "lib/common", "./lib/common.py", '"./lib/common"'])
def test_a_notebook_runs_another_one(pipeline: Pipeline, target: str) -> None:
    """In its namespace, with the widgets of the arguments; the other notebook is not run on its own."""
    pipeline.notebook(f'{HEAD}{CELL}# MAGIC %run {target} $name="x y"\n{CELL}{TABLE}', "main.py")
    pipeline.notebook(f'{HEAD}value = dbutils.widgets.get("name")\n', "lib/common.py")
    pipeline.succeed()

    assert pipeline.rows("t") == [("x y",)]


def test_notebooks_run_each_other_across_languages(pipeline: Pipeline) -> None:
    """SQL from Python, relative to each notebook; changes are noticed."""
    pipeline.notebook(f"{HEAD}# MAGIC %run ./parts/values\n", "main.py")
    pipeline.notebook(f"{HEAD}# MAGIC %run ./tables\n", "parts/values.py")
    tables = "CREATE OR REFRESH MATERIALIZED VIEW t AS SELECT 1 AS id;\n"
    pipeline.notebook(tables, "parts/tables.sql")
    pipeline.succeed()
    again = pipeline.succeed()["t"].status
    pipeline.notebook(tables.replace("1", "2"), "parts/tables.sql")
    pipeline.succeed()

    assert again == "unchanged"
    assert pipeline.rows("t") == [(2,)]


def test_the_other_notebook_is_left_out_of_a_folder(pipeline: Pipeline) -> None:
    """Unless it is named."""
    main = pipeline.notebook(f"{HEAD}# MAGIC %run ./other\n", "main.py")
    other = pipeline.notebook("import dlt\n", "other.py")
    folder = main.parent

    assert source_files([folder]) == (main.resolve(),)
    assert source_files([folder, other]) == (main.resolve(), other.resolve())


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%run ./missing", "there is no notebook ./missing beside main.py"),
        ("%run", "%run names no notebook"),
        ("%run ./other now", "invalid %run: its arguments are not $name=value"),
        ("%run ./main", "notebooks run each other in a cycle: main.py -> main.py"),
    ],
)
def test_a_wrong_command_is_refused(pipeline: Pipeline, cell: str, message: str) -> None:
    """At its line."""
    pipeline.notebook(f"{HEAD}{CELL}# MAGIC {cell}\n{CELL}{TABLE}", "main.py")
    pipeline.notebook("value = 1\n", "other.py")
    diagnostics = [problem for problem in problems(pipeline.run()) if problem.span.path.endswith("main.py")]

    assert (diagnostics[0].message, diagnostics[0].span.line) == (message, 5)
    assert diagnostics[0].hint


@pytest.mark.needs_spark("the message is that of Spark, which runs the queries that Sail refuses")
def test_a_mistake_in_the_other_notebook_is_shown_there(pipeline: Pipeline) -> None:
    """Whether it is found while it loads or in the function of a dataset."""
    pipeline.notebook(f"{HEAD}# MAGIC %run ./lib/other\n{CELL}import dlt\n\ndlt.table(broken)\n", "main.py")
    pipeline.notebook(f"{HEAD}def broken():\n    return spark.read.table('missing')\n", "lib/other.py")
    (late,) = problems(pipeline.run())
    pipeline.notebook(f"{HEAD}\nbroken = 1 / 0\n", "lib/other.py")
    (early,) = problems(pipeline.run())

    assert [(problem.span.path.endswith("lib/other.py"), problem.span.line) for problem in (late, early)] == [
        (True, 3),
        (True, 3),
    ]
