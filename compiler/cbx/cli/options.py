"""The options that several commands have."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

SelectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        "-s",
        metavar="SELECTOR",
        help="Only these models, such as '+gold.sales' or 'tag:nightly'; repeatable.",
    ),
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="SELECTOR", help="Exclude these models; same syntax as --select; repeatable."),
]
StateManifestOption = Annotated[
    Path | None,
    typer.Option("--state-manifest", metavar="FILE", help="The manifest.json to compare with for `state:modified`."),
]
ProjectOption = Annotated[
    Path | None,
    typer.Option(
        "--project", metavar="DIR", help="The project's folder; default: the nearest folder with a project.toml."
    ),
]
EnvOption = Annotated[str, typer.Option("--env", metavar="NAME", help="The environment to use.")]
DeployedEnvOption = Annotated[
    str | None,
    typer.Option(
        "--env", metavar="NAME", show_default=False, help="The environment of project.toml to deploy to, such as dev."
    ),
]
NoTraceOption = Annotated[
    bool, typer.Option("--no-trace", help="Do not call Python functions to infer columns and keys.")
]
StateOption = Annotated[
    Path | None,
    typer.Option("--state", metavar="DIR", help="The folder of the tables; default: .cbx in the project."),
]
ConfOption = Annotated[
    list[str] | None,
    typer.Option("--conf", metavar="KEY=VALUE", help="A setting of Spark, such as spark.driver.memory=8g; repeatable."),
]


class RowFormat(str, Enum):
    """The format of rows."""

    table = "table"
    json = "json"
    csv = "csv"


RowFormatOption = Annotated[RowFormat, typer.Option("--format", help="json: one object per line.")]
LimitOption = Annotated[int, typer.Option("--limit", min=0, metavar="NUMBER", help="The number of rows; 0: all.")]


class Engines(str, Enum):
    """The engines that run models."""

    SAIL = "sail"
    SPARK = "spark"
