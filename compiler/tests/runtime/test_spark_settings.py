"""Settings of Spark of the command line and of `[run.spark]`, and the memory that Spark gets."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from cbx.project.spark_settings import refuse_setting
from cbx.runtime.errors import CannotRunError
from cbx.runtime.spark.launch.driver_memory import driver_memory
from cbx.runtime.spark.launch.given_settings import check_given_settings
from cbx.runtime.spark.launch.setting_names import intended_setting, is_read_at_start, setting_names
from cbx.runtime.spark.session import session
from compiler.tests.command import run_cbx

GIGABYTE = 1 << 30
NOTEBOOK = """
import dlt

@dlt.table
def settings():
    java = spark._jvm.java.lang
    values = {
        "heap": java.Runtime.getRuntime().maxMemory() >> 20,
        "option": java.System.getProperty("shop.option"),
        "partitions": spark.conf.get("spark.sql.shuffle.partitions"),
        "zone": spark.conf.get("spark.sql.session.timeZone"),
    }
    return spark.createDataFrame([(name, str(value)) for name, value in values.items()], "name STRING, value STRING")
"""


def limits(folder: Path, **files: str) -> Path:
    """A folder of control groups with the content of `memory.max` of each group; `root` is the outermost."""
    for group, text in files.items():
        path = folder if group == "root" else folder.joinpath(*group.split("_"))
        path.mkdir(parents=True, exist_ok=True)
        (path / "memory.max").write_text(text + "\n")
    return folder


def test_the_memory_is_a_quarter_of_what_the_process_may_use(tmp_path: Path) -> None:
    """The smallest limit of the groups around the process counts; the machine's memory is one of the limits."""
    groups = tmp_path / "cgroup"
    groups.write_text("0::/pod/main\n")
    of_groups = limits(tmp_path / "a", root="max", pod=str(12 * GIGABYTE), pod_main="max")
    small = limits(tmp_path / "b", pod_main=str(GIGABYTE))
    unlimited = limits(tmp_path / "c", root="max")
    missing = driver_memory(tmp_path / "missing", tmp_path)

    assert driver_memory(groups, of_groups) in {"3072m", missing}
    assert driver_memory(groups, small) == "2048m"
    assert driver_memory(groups, unlimited) == missing
    assert 2048 <= int(missing.removesuffix("m")) <= 16384


def test_limits_of_the_first_version_of_control_groups_are_read(tmp_path: Path) -> None:
    groups = tmp_path / "cgroup"
    groups.write_text("5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n1:name=systemd:/docker/x\nnonsense\n")
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory/memory.limit_in_bytes").write_text(f"{8 * GIGABYTE + 4}\n")

    assert driver_memory(groups, tmp_path) in {"2048m", driver_memory(tmp_path / "missing", tmp_path)}


def test_names_are_those_of_the_installed_spark(spark: SparkSession) -> None:
    """Every setting that Spark lists is found in its classes, and is one that sessions can change, or is not."""
    listed = {row.key for row in spark.sql("SET -v").collect()}
    names = setting_names()

    unknown = listed - names.of_start - names.of_sessions

    assert {name for name in unknown if ".hive." not in name and not name.startswith("spark.sql.catalog.")} == set()
    assert {"spark.driver.memory", "spark.sql.warehouse.dir", "spark.kubernetes.namespace"} <= names.of_start
    assert not any(spark.conf.isModifiable(name) for name in listed & names.of_start)
    assert not is_read_at_start("spark.sql.shuffle.partitions")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("spark.driver.memmory", "spark.driver.memory"),
        ("spark.drivermemory", "spark.driver.memory"),
        ("spark.memory.driver", "spark.driver.memory"),
        ("spark.sql.shuffle.partition", "spark.sql.shuffle.partitions"),
        ("spark.sql.Shuffle.partitions", "spark.sql.shuffle.partitions"),
        ("spark.driver.memory", None),
        ("spark.hadoop.fs.s3a.access.key", None),
        ("spark.sql.catalog.lake.type", None),
        ("spark.executorEnv.HOME", None),
        ("spark.kubernetes.driver.label.team", None),
        ("spark.mongodb.read.connection.uri", None),
        ("spark.shop.landing", None),
        ("spark.cassandra.connection.host", None),
    ],
)
def test_only_a_misspelt_name_has_another_meaning(name: str, meant: str | None) -> None:
    """Connectors have settings of their own, which Spark does not know."""
    assert intended_setting(name) == meant


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("driver.memory", "4g", "settings of Spark start with `spark.`"),
        ("spark.", "4g", "settings of Spark start with `spark.`"),
        ("spark.a b", "4g", "settings of Spark start with `spark.`"),
        ("spark.sql.session.timeZone", "Asia/Tokyo", "whose time zone is UTC"),
        ("spark.driver.memmory", "4g", "Spark has no setting `spark.driver.memmory`"),
        ("spark.driver.memory", "lots", "`lots` is not a size"),
        ("spark.driver.memory", "4096", "`4096` is not a size"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(name: str, value: str, message: str) -> None:
    with pytest.raises(CannotRunError, match=message):
        check_given_settings({"spark.ui.enabled": "true", name: value})


@pytest.mark.usefixtures("spark")
def test_the_running_session_takes_what_it_can(tmp_path: Path) -> None:
    """A later run without the setting has the default; a setting of the start would have no effect: it is an error."""
    name = "spark.sql.files.maxPartitionBytes"
    running = session(tmp_path)
    default = running.conf.get(name)
    given = session(tmp_path, given={name: "1234567", "spark.shop.option": "x"})
    inside = given.conf.get(name), given.conf.get("spark.shop.option")
    again = session(tmp_path)

    assert inside == ("1234567", "x")
    assert (again.conf.get(name), again.conf.get("spark.shop.option", None)) == (default, None)
    with pytest.raises(CannotRunError, match=r"`spark\.executor\.memory` only when it starts"):
        session(tmp_path, given={"spark.executor.memory": "3g"})
    with pytest.raises(CannotRunError, match="does not take `many`"):
        session(tmp_path, given={"spark.sql.shuffle.partitions": "many"})


def test_a_setting_that_is_no_variable_names_the_option(tmp_path: Path) -> None:
    (tmp_path / "pipeline.py").write_text(NOTEBOOK)
    variable = run_cbx(tmp_path, "run", "pipeline.py", "--var", "spark.driver.memory=4g")
    sail = run_cbx(tmp_path, "run", "pipeline.py", "--engine", "sail", "--conf", "spark.driver.memory=4g")
    misspelt = run_cbx(tmp_path, "run", "pipeline.py", "--conf", "spark.driver.memmory=4g")
    bare = run_cbx(tmp_path, "run", "pipeline.py", "--conf", "spark.driver.memory")

    assert [done.returncode for done in (variable, sail, misspelt, bare)] == [2, 2, 2, 2]
    assert "--conf spark.driver.memory=4g" in variable.stderr
    assert "--conf is for Spark, and --engine is sail" in sail.stderr
    assert "did you mean `spark.driver.memory`?" in misspelt.stderr
    assert "write a setting of Spark as key=value" in bare.stderr
    assert not (tmp_path / ".cbx/tables").exists()


@pytest.mark.spark
def test_spark_starts_with_what_is_given(tmp_path: Path) -> None:
    """The memory, options of Java beside those of cbx, and settings of sessions."""
    (tmp_path / "pipeline.py").write_text(NOTEBOOK)
    given = (
        "spark.driver.memory=1300m",
        "spark.driver.extraJavaOptions=-Dshop.option=there",
        "spark.sql.shuffle.partitions=7",
    )
    done = run_cbx(tmp_path, "run", "pipeline.py", *(part for setting in given for part in ("--conf", setting)))
    shown = run_cbx(tmp_path, "show", "settings", "--format", "csv").stdout
    values = dict(line.split(",") for line in shown.splitlines()[1:])

    assert done.returncode == 0, done.stderr
    assert 1150 <= int(values.pop("heap")) <= 1300
    assert values == {"option": "there", "partitions": "7", "zone": "UTC"}


def test_refused_settings_are_listed_on_the_page() -> None:
    """And only these: the page says why."""
    page = (Path(__file__).parents[2] / "docs/running.md").read_text(encoding="utf-8")
    rows = page.split("These settings are refused:")[1].split("\n\n")[1].splitlines()[2:]
    listed = {name for row in rows for name in row.split("|")[1].replace("`", "").replace(" ", "").split(",")}
    refused = {name for names in setting_names() for name in names if refuse_setting(name) is not None}

    assert refused <= listed
    assert all(refuse_setting(name) for name in listed)


def test_a_misspelt_setting_of_the_project_is_shown_in_its_file(tmp_path: Path) -> None:
    """Also where another folder is the current one; a setting of the command line takes its place."""
    project = tmp_path / "shop"
    (project / "models/gold").mkdir(parents=True)
    (project / "models/gold/days.sql").write_text("{{ materialized_view() }}\nSELECT 1 AS day\n")
    lines = ["[project]", 'name = "shop"', "", "[run.spark]", '"spark.driver.memmory" = "4g"']
    (project / "project.toml").write_text("\n".join(lines))
    done = run_cbx(tmp_path, "run", "--project", "shop", "--engine", "spark")
    other = run_cbx(project, "run", "--conf", "spark.driver.memmory=4g")

    assert (done.returncode, other.returncode) == (2, 2)
    assert "--> shop/project.toml:5:1" in done.stderr
    assert lines[-1] in done.stderr
    assert "did you mean `spark.driver.memory`?" in done.stderr
    assert "project.toml" not in other.stderr
