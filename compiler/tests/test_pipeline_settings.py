"""Settings of pipelines arrive in the bundle and in the workspace, under the names of Databricks."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from databricks.bundles import pipelines as library
from databricks.sdk.service.pipelines import PipelineSpec
from hypothesis import given
from hypothesis import strategies as st
from literate import lay_out

from cbx.compiler import Compilation, compile_project
from cbx.deploy.target import target_of
from cbx.deploy.workspace.problems import DeployError
from cbx.project.setting_templates import env_vars_in, fill_templates, template_problem
from cbx.project.setting_types import cluster_settings, pipeline_settings

EVERYTHING = """
[project]
name = "shop"

[pipelines.ingest]
select = "layer:bronze"

[pipelines.serve]
select = "layer:gold"

[vars]
landing = "/Volumes/shop/landing"

[environments.dev]
catalog = "dev_{user}"
development = true

[environments.dev.pipeline]
event_log = { name = "events", schema = "{user}" }

[environments.prod]
catalog = "shop"
notifications = ["ann@example.com"]

[environments.prod.pipeline]
serverless = false
photon = true
channel = "PREVIEW"
edition = "PRO"
continuous = true
budget_policy_id = "{{ env_var('BUDGET') }}"
usage_policy_id = "policy-of-{{ env_var('TEAM', 'sales') }}"
libraries = [
    { jar = "/Volumes/shop/libraries/geo.jar" },
    { maven = { coordinates = "org.jsoup:jsoup:1.7.2", repo = "https://example.com", exclusions = ["slf4j:slf4j"] } },
]
environment = { dependencies = ["simplejson==3.19.*", "/Volumes/shop/wheels/shop.whl"], environment_version = "4" }
tags = { team = "{{ env_var('TEAM', 'sales') }}", cost = 12 }
event_log = { name = "events", catalog = "shop", schema = "operations" }
notifications = [{ email_recipients = ["ann@example.com"], alerts = ["on-update-success", "on-flow-failure"] }]
restart_window = { start_hour = 2, days_of_week = ["SUNDAY"], time_zone_id = "UTC" }

[environments.prod.pipeline.configuration]
spark.sql.shuffle.partitions = 200
"api.token" = "{{ secret('shop', 'token') }}"

[[environments.prod.pipeline.clusters]]
label = "default"
node_type_id = "{{ env_var('NODE') }}"
driver_node_type_id = "Standard_D4ds_v5"
autoscale = { min_workers = 1, max_workers = 4, mode = "ENHANCED" }
spark_conf = { spark.speculation = true }
spark_env_vars = { TOKEN = "{{secrets/shop/token}}" }
custom_tags = { team = "sales" }
init_scripts = [{ volumes = { destination = "/Volumes/shop/scripts/init.sh" } }]
cluster_log_conf = { s3 = { destination = "s3://logs", region = "eu-west-1", enable_encryption = true } }
aws_attributes = { availability = "SPOT", first_on_demand = 1, ebs_volume_type = "GENERAL_PURPOSE_SSD" }
azure_attributes = { spot_bid_max_price = -1, log_analytics_info = { log_analytics_workspace_id = "x" } }
gcp_attributes = { availability = "ON_DEMAND_GCP", local_ssd_count = 1 }
policy_id = "0"
apply_policy_default_values = true
enable_local_disk_encryption = true
ssh_public_keys = ["ssh-rsa AAAA"]

[[environments.prod.pipeline.clusters]]
label = "maintenance"
num_workers = 1
instance_pool_id = "pool"
driver_instance_pool_id = "pool"

[environments.prod.pipelines.serve]
serverless = true
clusters = []
libraries = []
continuous = false
tags = { team = "finance" }
configuration = { spark.sql.ansi.enabled = true }
"""
MODELS = {
    "models/bronze/orders.sql": (
        '{{ streaming_table(columns={"order_id": "BIGINT"}) }}\n'
        'SELECT * FROM {{ auto_loader(var("landing"), format="json") }}\n'
    ),
    "models/gold/sales.sql": ('{{ materialized_view() }}\nSELECT count(*) AS orders FROM {{ ref("bronze.orders") }}\n'),
}
VALUES = {"BUDGET": "budget-1", "NODE": "Standard_E8", "TEAM": "sales"}


@pytest.fixture(scope="module")
def compilation(tmp_path_factory: pytest.TempPathFactory) -> Compilation:
    folder = tmp_path_factory.mktemp("shop")
    lay_out({"project.toml": EVERYTHING, **MODELS}, folder)
    compiled = compile_project(folder, with_trace=False)
    assert compiled.diagnostics == ()
    return compiled


@pytest.fixture(scope="module")
def bundle(compilation: Compilation) -> dict[str, Any]:
    return yaml.safe_load({artifact.path: artifact.text for artifact in compilation.artifacts}["databricks.yml"])


def merge(common: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A resource in a target as the Databricks CLI puts it together: lists are joined, tables merged."""
    merged = dict(common)
    for name, value in own.items():
        if isinstance(value, dict):
            merged[name] = merge(merged.get(name, {}), value)
        elif isinstance(value, list):
            merged[name] = [*merged.get(name, []), *value]
        else:
            merged[name] = value
    return merged


def fill(settings: Any, values: dict[str, str]) -> Any:
    """Settings with the variables of the bundle filled in."""
    text = json.dumps(settings)
    return json.loads(re.sub(r"\$\{var\.(\w+)\}", lambda match: values[match[1]], text))


COUNTERPARTS = {
    pipeline_settings.PipelineSettings: library.Pipeline,
    pipeline_settings.PipelineLibrary: library.PipelineLibrary,
    pipeline_settings.MavenLibrary: library.MavenLibrary,
    pipeline_settings.PipelineEnvironment: library.PipelinesEnvironment,
    pipeline_settings.EventLogTable: library.EventLogSpec,
    pipeline_settings.PipelineNotification: library.Notifications,
    pipeline_settings.RestartWindow: library.RestartWindow,
    cluster_settings.PipelineCluster: library.PipelineCluster,
    cluster_settings.ClusterAutoscale: library.PipelineClusterAutoscale,
    cluster_settings.AwsAttributes: library.AwsAttributes,
    cluster_settings.AzureAttributes: library.AzureAttributes,
    cluster_settings.GcpAttributes: library.GcpAttributes,
    cluster_settings.LogAnalyticsInfo: library.LogAnalyticsInfo,
    cluster_settings.ClusterLogConf: library.ClusterLogConf,
    cluster_settings.InitScript: library.InitScriptInfo,
    cluster_settings.S3Folder: library.S3StorageInfo,
    cluster_settings.StorageFolder: library.VolumesStorageInfo,
}
ELSEWHERE: dict[type, str] = {
    pipeline_settings.PipelineSettings: "allow_duplicate_names cascade_on_destroy catalog development filters "
    "gateway_definition id ingestion_definition lifecycle name parameters parent_path permissions root_path run_as "
    "schema serverless_compute_id storage target",
    pipeline_settings.PipelineLibrary: "file glob notebook",
    cluster_settings.GcpAttributes: "use_preemptible_executors",
}
"""Names that are settings of the environment, that the compiler writes, or that pipelines of a project do not need."""


@pytest.mark.parametrize("table", COUNTERPARTS, ids=lambda table: table.__name__)
def test_a_table_has_the_settings_of_the_bundle(table: Any) -> None:
    """Names are those that an engineer knows, and none is missing by mistake."""
    expected = {field.name for field in dataclasses.fields(COUNTERPARTS[table])} - {*ELSEWHERE.get(table, "").split()}
    actual = {field.alias or name for name, field in table.model_fields.items()}

    assert expected == actual


def test_the_bundle_is_one_that_databricks_takes(bundle: dict[str, Any]) -> None:
    """Every setting is a field of the official classes and of the schema of the Databricks CLI."""
    for target in bundle["targets"].values():
        for key, common in bundle["resources"]["pipelines"].items():
            library.Pipeline.from_dict(merge(common, target["resources"]["pipelines"][key]))
    path = os.environ.get("BUNDLE_SCHEMA")
    if path:
        import jsonschema_rs

        validator = jsonschema_rs.validator_for(json.loads(Path(path).read_text(encoding="utf-8")))
        assert [error.message for error in validator.iter_errors(bundle)] == []


def test_environment_variables_are_variables_of_the_bundle(bundle: dict[str, Any]) -> None:
    """One without a default has to be given; a target that does not use one needs no value."""
    prod = bundle["resources"]["pipelines"]["shop_ingest"], bundle["targets"]["prod"]
    cluster = prod[1]["resources"]["pipelines"]["shop_ingest"]["clusters"][0]

    assert [name for name in bundle["variables"] if name.startswith("env_")] == ["env_BUDGET", "env_NODE", "env_TEAM"]
    assert prod[1]["variables"] == {
        "catalog": "shop",
        "schema": "bronze",
        "landing": "/Volumes/shop/landing",
        "env_TEAM": "sales",
    }
    assert bundle["targets"]["dev"]["variables"].items() >= {"env_BUDGET": "", "env_NODE": "", "env_TEAM": ""}.items()
    assert cluster["node_type_id"] == "${var.env_NODE}"
    assert cluster["spark_env_vars"] == {"TOKEN": "{{secrets/shop/token}}"}


def test_deploying_sends_the_settings_of_the_bundle(
    compilation: Compilation, bundle: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ways make the same pipelines, and the SDK knows every field."""
    for name, value in VALUES.items():
        monkeypatch.setenv(name, value)
    assert compilation.plan is not None
    target = bundle["targets"]["prod"]
    values = target["variables"] | {f"env_{name}": value for name, value in VALUES.items()}
    for pipeline in target_of(compilation.plan, "prod", "ann@example.com", "ann").pipelines:
        key = f"shop_{pipeline.name}"
        declared = fill(merge(bundle["resources"]["pipelines"][key], target["resources"]["pipelines"][key]), values)
        sent = {name: value for name, value in pipeline.settings.items() if name != "libraries"}
        jars = [entry for entry in pipeline.settings["libraries"] if "notebook" not in entry]

        assert sent == {name: value for name, value in declared.items() if name != "libraries"}
        assert jars == [entry for entry in declared["libraries"] if "notebook" not in entry]
        assert PipelineSpec.from_dict(pipeline.settings).as_dict() == {
            name: value for name, value in pipeline.settings.items() if value != []
        }


def test_one_pipeline_replaces_what_all_share(compilation: Compilation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own configuration and tags are added."""
    for name, value in VALUES.items():
        monkeypatch.setenv(name, value)
    assert compilation.plan is not None
    target = target_of(compilation.plan, "prod", "ann@example.com", "ann")
    serve = next(pipeline.settings for pipeline in target.pipelines if pipeline.name == "serve")

    assert (serve["serverless"], serve["continuous"], serve["clusters"]) == (True, False, [])
    assert "edition" not in serve
    assert serve["tags"] == {"team": "finance", "cost": "12"}
    assert serve["configuration"] == {
        "shop.landing": "/Volumes/shop/landing",
        "spark.sql.shuffle.partitions": "200",
        "api.token": "{{secrets/shop/token}}",
        "spark.sql.ansi.enabled": "true",
    }


def test_all_missing_environment_variables_are_reported_together(
    compilation: Compilation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sets one should not find the next one missing."""
    for name in VALUES:
        monkeypatch.delenv(name, raising=False)
    assert compilation.plan is not None
    with pytest.raises(DeployError) as raised:
        target_of(compilation.plan, "prod", "ann@example.com", "ann")
    lines = EVERYTHING.split("\n")
    problems = [
        (diagnostic.code.id, diagnostic.message, lines[diagnostic.span.line - 1] if diagnostic.span else "")
        for diagnostic in raised.value.diagnostics
    ]

    assert problems == [
        ("CBX650", "the environment variable `BUDGET` is not set", "budget_policy_id = \"{{ env_var('BUDGET') }}\""),
        ("CBX650", "the environment variable `NODE` is not set", "node_type_id = \"{{ env_var('NODE') }}\""),
    ]


def test_the_table_of_the_event_log_may_be_a_developers_own(compilation: Compilation) -> None:
    """As a catalog or schema may."""
    assert compilation.plan is not None
    target = target_of(compilation.plan, "dev", "ann@example.com", "ann")

    assert target.settings["event_log"] == {"name": "events", "schema": "ann"}


PIECES = st.sampled_from(
    ["{", "}", "{{", "}}", "$", "'", '"', "env_var('A')", "secret('s', 'k')", "secrets/s/k", " ", "x"]
)


@given(st.lists(PIECES, max_size=8))
def test_a_text_is_refused_or_has_the_parts_that_it_says(pieces: list[str]) -> None:
    """What stands beside templates stays as it is, and no template is left over."""
    text = "".join(pieces)
    if template_problem(text) is None:
        filled = fill_templates(text, lambda env_var: f"<{env_var.name}>")
        plain = re.sub(r"\{\{(.*?)\}\}", "", text)

        assert filled.count("<A>") == len(list(env_vars_in(text)))
        assert re.sub(r"<A>|\{\{secrets/s/\w+\}\}", "", filled) == plain
