"""The bundle is one that Databricks takes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
import yaml
from literate import lay_out

from cbx.compiler import compile_project
from cbx.deploy.target import target_of

ROOT = Path(__file__).parents[2]
PROJECTS = [ROOT, ROOT / "examples" / "payments", Path(__file__).parent / "golden" / "parcels"]


@pytest.fixture(params=PROJECTS, ids=lambda path: path.name)
def bundle(request: pytest.FixtureRequest) -> dict[str, object]:
    texts = {artifact.path: artifact.text for artifact in compile_project(request.param).artifacts}
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

    assert loaded == [*common["pipelines"], f"{name} update"] * (1 + len(bundle["targets"]))


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
    texts = {artifact.path: artifact.text for artifact in compilation.artifacts}
    pipeline = yaml.safe_load(texts["databricks.yml"])["resources"]["pipelines"]["circuit_box"]
    named = sorted(library["notebook"]["path"].removeprefix("./") for library in pipeline["libraries"])

    assert named == sorted(path for path in texts if path.endswith(".py"))


def test_a_bundle_names_the_variables_that_it_uses_and_every_target_gives_them_values() -> None:
    """The Databricks CLI refuses a variable that is not declared, and one without a value."""
    for project in PROJECTS:
        texts = {artifact.path: artifact.text for artifact in compile_project(project).artifacts}
        bundle = yaml.safe_load(texts["databricks.yml"])
        used = set(re.findall(r"\$\{var\.(\w+)\}", texts["databricks.yml"]))

        assert used == set(bundle["variables"])
        assert all(set(target["variables"]) == used for target in bundle["targets"].values())


ENVIRONMENTS = """
[project]
name = "shop"

[environments.dev]
catalog = "dev_{user}"
development = true
schedule = "0 0 5 * * ?"

[environments.prod]
catalog = "shop"
serverless = false
edition = "PRO"
root_path = "/Workspace/Production/shop"
run_as = "ann@example.com"
permissions = [
    { group = "analysts", level = "CAN_VIEW" },
    { service_principal = "00000000-0000-0000-0000-000000000000", level = "IS_OWNER" },
]

[environments.prod.vars]
only_here = "1"
"""


def test_a_target_says_what_the_command_line_takes(tmp_path: Path) -> None:
    """Owners stand with pipeline and job, where alone they may; what one target sets is no variable of all."""
    lay_out({"project.toml": ENVIRONMENTS, "models/gold/sales.sql": "{{ view() }}\nSELECT 1 AS one\n"}, tmp_path)
    texts = {artifact.path: artifact.text for artifact in compile_project(tmp_path).artifacts}
    bundle = yaml.safe_load(texts["databricks.yml"])
    dev, prod = bundle["targets"]["dev"], bundle["targets"]["prod"]
    owner = {"level": "IS_OWNER", "service_principal_name": "00000000-0000-0000-0000-000000000000"}

    assert set(bundle["variables"]) == {"catalog", "schema"}
    assert dev["variables"] == {
        "catalog": "dev_${workspace.current_user.short_name}",
        "schema": "${workspace.current_user.short_name}",
    }
    assert dev["resources"]["jobs"]["shop_update"]["schedule"]["pause_status"] == "PAUSED"
    assert prod["permissions"] == [{"level": "CAN_VIEW", "group_name": "analysts"}]
    assert prod["run_as"] == {"user_name": "ann@example.com"}
    assert prod["workspace"] == {"root_path": "/Workspace/Production/shop"}
    assert prod["resources"]["pipelines"]["shop"] == {
        "development": False,
        "continuous": False,
        "channel": "CURRENT",
        "serverless": False,
        "edition": "PRO",
        "configuration": {"shop.only_here": "1"},
        "permissions": [owner],
    }
    assert prod["resources"]["jobs"]["shop_update"]["permissions"] == [owner]


def test_deploying_sends_the_settings_of_the_bundle() -> None:
    """Both ways make the same pipeline: what the bundle says, its variables filled in, is what `cbx deploy` sends."""
    compilation = compile_project(PROJECTS[0])
    assert compilation.plan is not None
    bundle = yaml.safe_load({artifact.path: artifact.text for artifact in compilation.artifacts}["databricks.yml"])
    for name, target in bundle["targets"].items():
        user = {"workspace.current_user.short_name": "ann"}
        values = {f"var.{key}": fill_variables(value, user) for key, value in target["variables"].items()}
        pipeline = {
            **bundle["resources"]["pipelines"]["circuit_box"],
            **target["resources"]["pipelines"]["circuit_box"],
        }
        sent = target_of(compilation.plan, name, "ann@example.com", "ann").pipelines[0].settings
        own = {"name": pipeline.pop("name"), "libraries": pipeline.pop("libraries")}
        prefix = "[dev ann] " if target["mode"] == "development" else ""
        paths = [library["notebook"]["path"].removeprefix(".").removesuffix(".py") for library in own["libraries"]]

        assert fill_variables(pipeline, values) == {key: value for key, value in sent.items() if key not in own}
        assert sent["name"] == prefix + own["name"]
        assert [library["notebook"]["path"].partition("/files")[2] for library in sent["libraries"]] == paths


def fill_variables(value: object, values: dict[str, str]) -> object:
    """A value of the bundle with its variables filled in."""
    text = json.dumps(value)
    for key, item in values.items():
        text = text.replace(f"${{{key}}}", item)
    return json.loads(text)


def test_a_variable_that_is_named_as_a_setting_is_not_that_setting(tmp_path: Path) -> None:
    """`channel` of the project is a variable of the bundle, and the channel of the pipeline stays what it is."""
    settings = '[project]\nname = "shop"\n\n[vars]\nchannel = "web"\n\n[environments.prod]\nchannel = "PREVIEW"\n'
    model = "{{ view() }}\nSELECT '{{ var(\"channel\") }}' AS channel\n"
    lay_out({"project.toml": settings, "models/gold/sales.sql": model}, tmp_path)
    texts = {artifact.path: artifact.text for artifact in compile_project(tmp_path).artifacts}
    bundle = yaml.safe_load(texts["databricks.yml"])
    target = bundle["targets"]["prod"]

    assert bundle["resources"]["pipelines"]["shop"]["configuration"] == {"shop.channel": "${var.channel}"}
    assert target["variables"]["channel"] == "web"
    assert target["resources"]["pipelines"]["shop"]["channel"] == "PREVIEW"
