"""The command: what it refuses, what it reads, and that it never overwrites anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.tests.foreign.terminal import cbx_here

NOTEBOOK = "import dlt\n\n\n@dlt.table\ndef orders():\n    return spark.readStream.table('raw.orders')\n"
BUNDLE = """
bundle:
  name: shop
include: [resources/*.yml]
variables:
  catalog: {default: main}
"""
PIPELINE = """
resources:
  pipelines:
    etl:
      catalog: ${var.catalog}
      schema: sales
      configuration: {landing: /data, user: "${workspace.current_user.userName}"}
      libraries:
        - glob: {include: ../src/**}
        - notebook: {path: ../extra/loads}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a notebook."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nb.py").write_text(NOTEBOOK)
    return tmp_path


@pytest.mark.parametrize("existing", ["models/a.sql", "project.toml", "IMPORT.md"])
def test_nothing_is_overwritten(folder: Path, existing: str) -> None:
    """A project that is there already stays as it is."""
    (folder / "shop" / existing).parent.mkdir(parents=True)
    (folder / "shop" / existing).write_text("mine")
    before = sorted(folder.rglob("*"))
    answer = cbx_here("import", "nb.py", "--into", "shop")

    assert (answer.status, sorted(folder.rglob("*"))) == (2, before)
    assert "already exists; nothing was written" in answer.errors
    assert (folder / "shop" / existing).read_text() == "mine"


WRONG = {
    "a path that does not exist": (["gone"], "gone does not exist"),
    "a folder without files": (["empty"], "empty has no Python or SQL files"),
    "another kind of file": (["data.csv"], "`data.csv` is no notebook, Python file or SQL file"),
    "a broken notebook": (["broken.ipynb"], "this notebook cannot be read"),
    "invalid Python": (["bad.py"], "invalid Python"),
    "a layer that is no name": (["nb.py", "--layer", "*=my-layer"], "`my-layer` is not a name for a layer"),
    "an option without a value": (["nb.py", "--var", "landing"], "write it as name=value"),
    "an unknown format": (["nb.py", "--format", "xml"], "`xml` is not one of `text`, `json`"),
    "several pipelines": (["two.yml"], "the bundle has 2 pipelines"),
    "a pipeline that does not exist": (["two.yml", "--pipeline", "c"], "the bundle has no pipeline `c`"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_what_cannot_be_read_is_reported(folder: Path, mistake: str) -> None:
    """A message for each mistake, no traceback, and nothing is written."""
    arguments, message = WRONG[mistake]
    (folder / "empty").mkdir()
    (folder / "data.csv").write_text("a,b\n")
    (folder / "broken.ipynb").write_text("{")
    (folder / "bad.py").write_text("import dlt\ndef (:\n")
    (folder / "two.yml").write_text("resources: {pipelines: {a: {libraries: []}, b: {libraries: []}}}\n")
    answer = cbx_here("import", *arguments, "--into", "shop")

    assert message in answer.errors
    assert answer.status == 2
    assert not (folder / "shop").exists()


@pytest.mark.parametrize(
    ("options", "models"), [([], ["bronze.days"]), (["--no-trace"], ["bronze.days", "gold.weeks"])]
)
def test_functions_are_traced_unless_the_user_forbids_it(folder: Path, options: list[str], models: list[str]) -> None:
    """A mistake that only tracing finds leaves the table in a notebook; without it, no code is run."""
    (folder / "days.sql").write_text("CREATE MATERIALIZED VIEW days AS SELECT 1 AS day")
    (folder / "weeks.py").write_text(
        "import dlt\n\n\n@dlt.table\ndef weeks():\n    return dlt.read('days').select('week')\n"
    )
    answer = cbx_here("import", "days.sql", "weeks.py", "--into", "shop", "--format", "json", *options)

    assert [model["id"] for model in json.loads(answer.output)["models"]] == models


def test_comments_that_no_file_has_are_reported(folder: Path) -> None:
    """With their places; those of code and statements that became models are in the models."""
    (folder / "nb.py").write_text(
        "import dlt\n\nRULES = {\n    'priced': 'price > 0',  # refunds have none\n}\n\n\n"
        "@dlt.table  # kept above\n@dlt.expect_all(RULES)\ndef orders():\n"
        "    # kept inside\n    return spark.readStream.table('raw.orders')\n"
    )
    (folder / "sums.sql").write_text(
        "CREATE MATERIALIZED VIEW sums AS SELECT 1 AS a -- of sums\n;\n"
        "CREATE MATERIALIZED VIEW more AS SELECT 2 AS b; -- of more\n-- the {{ end }}\n"
    )
    answer = cbx_here("import", "nb.py", "sums.sql", "--into", "shop")
    models = {path.stem: path.read_text() for path in (folder / "shop/models").rglob("*.*")}
    report = (folder / "shop/IMPORT.md").read_text()

    assert answer.status == 0, answer.errors
    assert report.partition("## Comments\n")[2] == (
        "\nNo file of the project has these comments.\n\n- nb.py:4: refunds have none\n"
    )
    assert "-- of sums\n" in models["sums"]
    assert "-- of more\n-- the " in models["more"]


def test_a_bundle_names_files_configuration_and_schema(folder: Path) -> None:
    """Its globs and notebooks are read; values that only a deployment knows are left out."""
    for path, text in {
        "b/databricks.yml": BUNDLE,
        "b/resources/etl.yml": PIPELINE,
        "b/src/orders.py": NOTEBOOK,
        "b/extra/loads.sql": "CREATE STREAMING TABLE loads AS SELECT * FROM cloud_files('${landing}', 'json')",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    answer = cbx_here("import", "b", "--into", "shop", "--format", "json")
    settings = (folder / "shop/project.toml").read_text()

    assert [model["table"] for model in json.loads(answer.output)["models"]] == ["sales.loads", "sales.orders"]
    assert 'landing = "/data"' in settings
    assert 'catalog = "main"' in settings


def test_the_settings_of_a_bundle_become_settings_of_the_environment(folder: Path) -> None:
    """Under their own names; what only a deployment knows, and what project.toml has elsewhere, is reported."""
    settings = """      serverless: false
      photon: true
      tags: {team: sales, owner: "${workspace.current_user.userName}"}
      environment: {dependencies: [simplejson]}
      clusters:
        - {label: default, autoscale: {min_workers: 1, max_workers: 4}, spark_conf: {spark.speculation: "true"}}
      permissions: [{level: CAN_VIEW, group_name: analysts}]
"""
    pipeline = PIPELINE.replace("user:", "spark.sql.shuffle.partitions: 8, user:") + settings
    for path, text in {
        "b/databricks.yml": BUNDLE,
        "b/resources/etl.yml": pipeline,
        "b/src/orders.py": NOTEBOOK,
        "b/extra/loads.sql": "CREATE STREAMING TABLE loads AS SELECT * FROM cloud_files('${landing}', 'json')",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    answer = cbx_here("import", "b", "--into", "shop")
    text = (folder / "shop/project.toml").read_text()
    check = cbx_here("compile", "--project", "shop")

    assert text.partition("[environments.prod.pipeline]\n")[2] == (
        'environment = { dependencies = ["simplejson"] }\n'
        'clusters = [{ label = "default", autoscale = { min_workers = 1, max_workers = 4 }, '
        'spark_conf = { "spark.speculation" = "true" } }]\n'
        "serverless = false\n"
        "photon = true\n"
        "\n[environments.prod.pipeline.configuration]\n"
        '"spark.sql.shuffle.partitions" = 8\n'
        "\n[environments.prod.pipeline.tags]\n"
        'team = "sales"\n'
    )
    for name in ("configuration.user", "tags.owner", "permissions"):
        assert f"`{name}` of the pipeline" in answer.output
    assert check.status == 0, check.errors


def test_a_jupyter_notebook_is_read(folder: Path) -> None:
    """Its cells in Python, SQL and Markdown."""
    cells = [
        {"cell_type": "markdown", "source": ["# Orders\n", "of a shop"]},
        {"cell_type": "code", "source": NOTEBOOK.splitlines(keepends=True)},
        {"cell_type": "code", "source": "%sql\nCREATE MATERIALIZED VIEW big AS SELECT * FROM orders"},
    ]
    (folder / "nb.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}}))
    answer = cbx_here("import", "nb.ipynb", "--into", "shop", "--layer", "big=mart")

    assert answer.status == 0, answer.errors
    assert (folder / "shop/models/bronze/orders.py").exists()
    assert "ref(" in (folder / "shop/models/mart/big.sql").read_text()
    assert (folder / "shop/left/nb.md").read_text() == "# Orders\nof a shop\n"
