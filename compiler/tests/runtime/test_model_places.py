"""What goes wrong in a run of a project is shown in its models and macros, not in notebooks that nobody wrote."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from cbx.cli.local_run.trace_to_model import trace_to_model
from cbx.compiler import Compilation, compile_project
from cbx.diagnostics.codes import QUERY_FAILED
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.diagnostics.source_files import Span
from cbx.runtime.errors import QueryLine
from cbx.stages.plan import ModelPlan
from cbx.stages.resolved_model import PythonCode
from compiler.tests.foreign.terminal import cbx_here

ROOT = Path(__file__).parents[3]
PROJECTS = (ROOT, ROOT / "compiler/tests/golden/parcels")


def models(project: Path) -> tuple[Compilation, list[tuple[ModelPlan, list[str]]]]:
    compilation = compile_project(project, with_trace=False)
    texts = {artifact.path: artifact.text.split("\n") for artifact in compilation.artifacts}
    assert compilation.plan is not None
    return compilation, [(model, texts[model.artifact]) for model in compilation.plan.models]


def failure(path: Path, line: int) -> Diagnostic:
    return Diagnostic(QUERY_FAILED, "it fails", Span(str(path), line, 1, line, 2))


def trace_failure(compilation: Compilation, planned: ModelPlan, line: int, query: QueryLine | None = None) -> Span:
    target = ROOT / "target"
    diagnostic = failure((target / planned.artifact).resolve(), line)
    span = trace_to_model(diagnostic, query, compilation, target).span
    assert span is not None
    return span


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_each_line_of_a_function_or_macro_is_the_same_line_in_its_file(project: Path) -> None:
    """Whatever a notebook took over as it stands leads back to where it is written; all else to the declaration."""
    compilation, found = models(project)
    looked_at = 0
    for planned, notebook in found:
        code = planned.model.code
        if not isinstance(code, PythonCode):
            continue
        text = "\n".join(notebook)
        for snippet in (code.source, *code.definitions):
            first = text[: text.index(snippet.text)].count("\n") + 1
            for number, line in enumerate(snippet.text.split("\n"), first):
                span = trace_failure(compilation, planned, number)
                own = compilation.sources[span.path].split("\n")
                assert span.path == snippet.path
                if line in own:
                    looked_at += 1
                    assert own[span.line - 1] == line
        declaration = trace_failure(compilation, planned, len(notebook))
        assert declaration == planned.model.spans.whole

    assert looked_at > 10


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_each_line_of_a_query_is_the_line_of_the_model_that_made_it(project: Path) -> None:
    """Also where a macro made it, or a table or a value stands in it."""
    compilation, found = models(project)
    looked_at = 0
    for planned, _ in found:
        if planned.query is None:
            continue
        filled = "".join(part if isinstance(part, str) else "7" for part in planned.query.parts)
        own = compilation.sources[planned.model.path].split("\n")
        for number, line in enumerate(filled.split("\n"), 2):
            if line.strip():
                span = trace_failure(compilation, planned, 1, QueryLine(number, line.strip()))
                looked_at += 1
                assert line.strip() == own[span.line - 1].strip() or "{" in own[span.line - 1]

    assert looked_at > 5


def test_a_line_of_another_text_is_not_looked_for_in_the_query() -> None:
    """Spark may speak of a view's query, or of a rule; the number of such a line says nothing here."""
    compilation, found = models(ROOT)
    planned = next(model for model, _ in found if model.query is not None)
    span = trace_failure(compilation, planned, 1, QueryLine(3, "quite another text"))

    assert span == planned.model.spans.whole


def test_a_problem_elsewhere_stays_where_it_is() -> None:
    """In a file that nobody compiled, in a check, or nowhere."""
    compilation, _ = models(ROOT)
    diagnostics = [Diagnostic(QUERY_FAILED, "it fails"), failure(Path("/other/notebook.py"), 3)]

    assert [trace_to_model(diagnostic, None, compilation, ROOT / "target") for diagnostic in diagnostics] == diagnostics


FILES = {
    "project.toml": '[project]\nname = "post"\n\n[vars]\nleast = "1"\n',
    "landing/1.json": json.dumps({"id": 1, "weight": "heavy"}),
    "models/bronze/letters.sql": '{{ streaming_table(columns={"id": "BIGINT", "weight": "STRING"}) }}\n'
    'SELECT id, weight FROM {{ auto_loader("landing", format="json") }}\n',
    "macros/weights.py": "from pyspark.sql import Column\nfrom pyspark.sql import functions as F\n\n\n"
    'def grams(name: str) -> Column:\n    return F.col(name).cast("int")\n',
    "macros/units.sql": "{% macro kilos(name) %}\nCAST({{ name }} AS INT)\n{% endmacro %}\n",
    "models/silver/queried.sql": '{{ materialized_view(\n    columns={"id": "BIGINT", "grams": "INT"},\n) }}\n'
    "-- Weighed.\nSELECT\n    id,\n    CAST(weight AS INT) AS grams\n"
    'FROM {{ ref("bronze.letters") }}\nWHERE id >= {{ var("least") }}\n',
    "models/silver/rendered.sql": '{{ view() }}\nSELECT\n    id,\n    {{ kilos("weight") }} AS kilos\n'
    'FROM {{ ref("bronze.letters") }}\n',
    "models/gold/counted.sql": "{{ materialized_view() }}\n"
    'SELECT sum(kilos) AS kilos FROM {{ ref("silver.rendered") }}\n',
    "models/silver/called.py": "from cbx import materialized_view, ref\nfrom macros.weights import grams\n"
    "from pyspark.sql import DataFrame\n\n\n@materialized_view()\n"
    'def called(letters: DataFrame = ref("bronze.letters")) -> DataFrame:\n'
    '    return letters.select("id", grams("weight").alias("grams"))\n',
    "models/silver/raising.py": "from cbx import materialized_view, ref\nfrom pyspark.sql import DataFrame\n\n\n"
    '@materialized_view()\ndef raising(letters: DataFrame = ref("bronze.letters")) -> DataFrame:\n'
    '    if letters.count():\n        raise ValueError("too many")\n    return letters\n',
}
PLACES = {
    "silver.queried": "models/silver/queried.sql:7:5",
    "gold.counted": "models/gold/counted.sql:1:4",
    "silver.called": "macros/weights.py:6:5",
    "silver.raising": "models/silver/raising.py:8:9",
}


def test_a_run_names_models_and_macros(
    spark: SparkSession,  # noqa: ARG001 - runs find it
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the line that fails, in the terminal and in the log, for notebooks that stay and for those that go."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    done = cbx_here("run")
    events = (tmp_path / ".cbx/events.jsonl").read_text()
    shutil.rmtree(tmp_path / ".cbx")
    shown = dict(
        re.findall(
            r"^error\[CBX501\] query-failed: ([\w.]+): .*\n(?:  .*\n)* *--> (.*)$",
            done.errors,
            re.MULTILINE,
        )
    )

    assert shown == PLACES
    assert all(place in events for place in PLACES.values())
    assert "/target/" not in events
