"""Commands and options of dbt and the Databricks CLI that users may try, with what to type instead."""

from __future__ import annotations

from collections.abc import Mapping

FOREIGN_COMMANDS: Mapping[str, str] = {
    "apply": "`cbx deploy` deploys to a workspace",
    "build": "`cbx run` refreshes the tables, `cbx test` runs the unit tests",
    "bundle": "`cbx deploy` deploys; the bundle for `databricks bundle` is in target/",
    "check": "`cbx compile` reports all errors; with `--check` it writes nothing",
    "clean": "`cbx run --full-refresh` rebuilds the tables; target/ is kept up to date by `cbx compile`",
    "create": "`cbx init shop` creates a project",
    "debug": "`cbx doctor` checks what is installed",
    "deps": "a project reads others through `[dependencies]` in project.toml; there is nothing to install",
    "diff": "`cbx plan` shows what a deployment would change",
    "freshness": "freshness is a data test of a model: `tests=[freshness(...)]`",
    "help": "`cbx --help` lists the commands",
    "lineage": "`cbx graph` draws the lineage",
    "lint": "`cbx compile` reports all errors; with `--check` it writes nothing",
    "logs": "`cbx events` prints the last update",
    "ls": "`cbx list` lists the models",
    "new": "`cbx init shop` creates a project",
    "parse": "`cbx compile` reports all errors; with `--check` it writes nothing",
    "preview": "`cbx show` prints the rows of a table",
    "retry": "`cbx run` continues where the last update stopped",
    "seed": "seeds are tables like others: `cbx run` loads them",
    "serve": "`cbx graph --output graph.html` writes a page",
    "snapshot": "a history is a model, `auto_cdc(..., scd_type=2)`: `cbx run` keeps it",
    "source": "freshness is a data test of a model: `tests=[freshness(...)]`",
    "sql": "`cbx query` runs SQL over the tables",
    "start": "`cbx deploy --start` starts an update after the deployment",
    "status": "`cbx events` prints the last update",
    "tables": "`cbx show` lists the tables",
    "ui": "`cbx graph --output graph.html` writes a page",
    "validate": "`cbx compile` reports all errors; with `--check` it writes nothing",
    "version": "`cbx --version` prints the version",
}

FOREIGN_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "--environment": ("--env",),
    "--inline": (),
    "--model": ("--select",),
    "--models": ("--select",),
    "--out": ("--output",),
    "--profile": ("--env",),
    "--selector": ("--select",),
    "--target": ("--env",),
    "--vars": ("--var",),
    "-e": ("--env",),
    "-m": ("--select",),
    "-t": ("--env",),
}
"""The options that mean the same, of which a command may have one."""

FOREIGN_OPTIONS_OF_COMMANDS: Mapping[tuple[str, str], str] = {
    ("compile", "--select"): "`cbx compile` checks the whole project; only what changed is compiled again",
    ("compile", "-s"): "`cbx compile` checks the whole project; only what changed is compiled again",
    ("show", "--inline"): "`cbx query` runs SQL over the tables",
    ("show", "--select"): "name the table: `cbx show gold.sales`",
    ("show", "-s"): "name the table: `cbx show gold.sales`",
    ("test", "--select"): "name the models: `cbx test silver.orders`",
    ("test", "-s"): "name the models: `cbx test silver.orders`",
}
