"""The bundle is one that Databricks takes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml

from cbx.compiler import compile_project

PROJECTS = [Path(__file__).parents[2], Path(__file__).parent / "golden" / "parcels"]


@pytest.fixture(params=PROJECTS, ids=lambda path: path.name)
def bundle(request: pytest.FixtureRequest) -> dict[str, object]:
    texts = {one.path: one.text for one in compile_project(request.param).artifacts}
    return yaml.safe_load(texts["databricks.yml"])


def test_resources_are_what_the_bundle_library_takes(bundle: dict) -> None:
    """Pipelines and jobs load as the official Python classes, those of each target merged over the common part."""
    from databricks.bundles.jobs import Job
    from databricks.bundles.pipelines import Pipeline

    common = bundle["resources"]
    loaded = []
    for target in [{}, *bundle["targets"].values()]:
        own = target.get("resources", {})
        for key, pipeline in common["pipelines"].items():
            loaded.append(Pipeline.from_dict({**pipeline, **own.get("pipelines", {}).get(key, {})}).name)
        for key, job in common["jobs"].items():
            loaded.append(Job.from_dict({**job, **own.get("jobs", {}).get(key, {})}).name)
    name = bundle["bundle"]["name"]

    assert loaded == [name, f"{name} update"] * (1 + len(bundle["targets"]))


def test_bundle_follows_the_official_schema(bundle: dict) -> None:
    """The whole file validates against the JSON schema of the Databricks CLI."""
    path = os.environ.get("BUNDLE_SCHEMA")
    if not path:
        pytest.skip("BUNDLE_SCHEMA does not name the JSON schema of bundles")
    import jsonschema_rs

    validator = jsonschema_rs.validator_for(json.loads(Path(path).read_text(encoding="utf-8")))
    problems = [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(bundle)]

    assert problems == []


def test_every_notebook_is_in_the_pipeline() -> None:
    """The pipeline names each compiled notebook once, and no file that does not exist."""
    compilation = compile_project(PROJECTS[0])
    texts = {one.path: one.text for one in compilation.artifacts}
    pipeline = yaml.safe_load(texts["databricks.yml"])["resources"]["pipelines"]["circuit_box"]
    named = sorted(library["notebook"]["path"].removeprefix("./") for library in pipeline["libraries"])

    assert named == sorted(path for path in texts if path.endswith(".py"))
