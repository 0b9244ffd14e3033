"""Small projects whose models are run on rows: on Spark, or on the engine that `--cbx-engine` names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from literate import lay_out

from cbx.testing.coverage.exercised import Exercised
from cbx.testing.fixtures import Models

RunText = Callable[..., Any]


@pytest.fixture
def models(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[dict[str, str]], Models]:
    """From the files of a project to its models."""
    engine: str = request.config.getoption("--cbx-engine") or "spark"
    if engine == "spark":
        request.getfixturevalue("spark")

    def lay_out_models(files: dict[str, str]) -> Models:
        lay_out(files, tmp_path)
        return Models(tmp_path, engine, "local", Exercised(), frozenset())

    return lay_out_models


@pytest.fixture
def run_text(models: Callable[[dict[str, str]], Models]) -> RunText:
    """Run one model, given as the text of its file."""

    def run(text: str, given: Any = None, **named: Any) -> Any:
        suffix = "py" if text.startswith(("from", '"""')) else "sql"
        return models({f"models/silver/it.{suffix}": text}).run_model("silver.it", given, **named)

    return run
