"""Compiled notebooks stand alone, do nothing forbidden, and define what the models say."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest
from notebook_reading import load

from cbx.compiler import Compilation, compile_project

ROOT = Path(__file__).parents[2]
FORBIDDEN = {
    "collect", "toPandas", "take", "head", "save", "saveAsTable", "insertInto", "start", "toTable", "pivot",
    "foreach", "createOrReplaceTempView", "createTempView", "cache", "persist", "checkpoint", "setCurrentDatabase",
}  # fmt: skip
SETTINGS = [(api, source_format) for api in ("dlt", "pipelines") for source_format in ("notebook", "file")]


@pytest.fixture(scope="module", params=SETTINGS, ids=["-".join(settings) for settings in SETTINGS])
def circuit_box(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Compilation:
    """Circuit Box, compiled with each combination of the settings that change how notebooks look."""
    api, source_format = request.param
    tmp_path = tmp_path_factory.mktemp("circuit_box")
    for part in ("models", "macros"):
        shutil.copytree(ROOT / part, tmp_path / part)
    settings = (ROOT / "project.toml").read_text(encoding="utf-8")
    changed = settings.replace('api = "dlt"', f'api = "{api}"')
    changed = changed.replace('source_format = "notebook"', f'source_format = "{source_format}"')
    (tmp_path / "project.toml").write_text(changed, encoding="utf-8")
    return compile_project(tmp_path)


def notebooks(compilation: Compilation) -> dict[str, str]:
    return {artifact.path: artifact.text for artifact in compilation.artifacts if artifact.path.endswith(".py")}


def test_notebooks_stand_alone(circuit_box: Compilation) -> None:
    """A notebook imports nothing of cbx, of macros or of models."""
    imported = set()
    for text in notebooks(circuit_box).values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])

    assert imported <= {"dlt", "pyspark"}


def test_notebooks_do_nothing_forbidden(circuit_box: Compilation) -> None:
    """No action on data, no change of the session, no LIVE schema: pipelines refuse them."""
    found = []
    for path, text in notebooks(circuit_box).items():
        for node in ast.walk(ast.parse(text)):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and (
                called.attr in FORBIDDEN or ast.unparse(called) in {"spark.conf.set", "spark.udf.register"}
            ):
                found.append(f"{path}: {ast.unparse(called)}")
            if isinstance(called, ast.Attribute) and called.attr == "count" and not node.args:
                found.append(f"{path}: count()")
        if "LIVE." in text:
            found.append(f"{path}: LIVE")

    assert found == []


def test_source_format_shows_in_the_first_line(circuit_box: Compilation) -> None:
    """A notebook says that it is one in its first line; a file does not, and stands under transformations/."""
    first_lines = {text.split("\n", 1)[0] for text in notebooks(circuit_box).values()}
    folders = {path.split("/")[0] for path in notebooks(circuit_box)}
    is_notebook = circuit_box.project is not None and circuit_box.project.settings.compile.source_format == "notebook"

    if is_notebook:
        assert (first_lines, folders) == ({"# Databricks notebook source"}, {"notebooks"})
    else:
        assert ("# Databricks notebook source" in first_lines, folders) == (False, {"transformations"})


def test_notebooks_define_what_models_declare(circuit_box: Compilation) -> None:
    """Every model is registered once, under its kind's word, with its rules in order."""
    assert circuit_box.plan is not None
    assert circuit_box.project is not None
    is_dlt = circuit_box.project.settings.compile.api == "dlt"
    words = {
        "streaming_table": "table",
        "materialized_view": "table" if is_dlt else "materialized_view",
        "view": "view" if is_dlt else "temporary_view",
    }
    texts = notebooks(circuit_box)
    expected, actual = {}, {}
    for planned in circuit_box.plan.models:
        model, recorded = planned.model, load(texts[planned.artifact])
        rules = [
            ({"warn": "expect", "drop": "expect_or_drop", "fail": "expect_or_fail"}[rule.on_violation], rule.name)
            for rule in model.expectations
        ]
        if model.cdc is None:
            found = recorded.datasets[model.dataset]
            expected[model.id] = (words[model.kind], rules, [])
        else:
            found = recorded.datasets[planned.changes_view]
            expected[model.id] = (words["view"], rules, ["create_streaming_table", "create_auto_cdc_flow"])
        named = [(rule, name) for rule, name, _ in found["rules"]]
        actual[model.id] = (found["kind"], named, [word for word, _ in recorded.calls])

    assert expected == actual


def test_checks_expect_what_was_not_proven(circuit_box: Compilation) -> None:
    """A check is one private table with one expectation."""
    assert circuit_box.plan is not None
    texts = notebooks(circuit_box)
    checks = circuit_box.plan.checks
    actual = {}
    for check in checks:
        ((name, dataset),) = load(texts[check.artifact]).datasets.items()
        actual[name] = (dataset["private"], [rule for rule, _, _ in dataset["rules"]])

    assert {check.name: (True, ["expect"]) for check in checks} == actual
