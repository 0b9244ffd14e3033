"""What a changed reader of another system asks of its table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from literate import lay_out

from cbx.changes.change_plan import Deployed, Difference
from cbx.changes.compare import compare_manifests
from cbx.compiler import compile_project

KAFKA = '{{ kafka("orders", servers="a:1", options={"kafka.ssl.key.password": secret("kafka", "key")}) }}'
QUERY = f"SELECT value, topic FROM {KAFKA}"


def differences(tmp_path: Path, before: str, after: str, kind: str = "streaming_table") -> tuple[Difference, ...]:
    """The differences of a model with two queries, without that of its code and what a full refresh loses."""
    plan = compare_manifests(*(_deploy(tmp_path / name, query, kind) for name, query in (("a", before), ("b", after))))
    found = [difference for model in plan.models for difference in model.differences]
    return tuple(difference for difference in found if difference.aspect not in {"code", "full refresh"})


def _deploy(folder: Path, query: str, kind: str, **variables: str) -> Deployed:
    values = {"stage": "dev", **variables}
    lay_out(
        {
            "project.toml": '[project]\nname = "shop"\n\n[vars]\nstage = "dev"\n',
            "models/bronze/it.sql": f"{{{{ {kind}() }}}}\n{query}",
        },
        folder,
    )
    compilation = compile_project(folder, with_trace=False)
    assert compilation.succeeded, compilation.diagnostics
    manifest = next(artifact.text for artifact in compilation.artifacts if artifact.path == "manifest.json")
    configuration = {f"shop.{name}": value for name, value in values.items()}
    return Deployed(json.loads(manifest), {"name": "shop", "configuration": configuration})


def test_another_topic_restarts_the_stream(tmp_path: Path) -> None:
    """Spark gives no guarantees for other topics under the same checkpoint."""
    found = differences(tmp_path, QUERY, QUERY.replace('"orders"', '"payments"'))

    assert [(difference.aspect, difference.detail, difference.refresh, difference.reason) for difference in found] == [
        ("stream", "no longer reads new rows of kafka:orders", "full_refresh", "its rows come from another source"),
        ("stream", "reads new rows of kafka:payments", "full_refresh", "its rows come from another source"),
    ]


def test_one_more_topic_can_be_a_flow(tmp_path: Path) -> None:
    """A flow reads it without reading the others again."""
    found = differences(tmp_path, QUERY, QUERY.replace('"orders"', '["orders", "payments"]'))

    assert found[-1].detail == "reads new rows of kafka:orders,payments"
    assert found[-1].reason == (
        "its rows come from another source; write a flow into it instead, and existing rows stay"
    )


def test_one_more_reader_of_a_union_can_be_a_flow(tmp_path: Path) -> None:
    """Readers are like tables there."""
    added = 'UNION ALL SELECT payload, messageId FROM {{ read_stream("pubsub", options=%s) }}'
    options = {"subscriptionId": "s", "topicId": "t", "projectId": "p"}
    found = differences(tmp_path, QUERY, f"{QUERY}\n{added % options}")

    assert [difference.detail for difference in found] == ["reads new rows of pubsub:t"]
    assert str(found[0].reason).endswith("existing rows stay")


@pytest.mark.parametrize(
    ("change", "detail", "reason"),
    [
        (
            ('servers="a:1"', 'servers="b:1"'),
            "option `kafka.bootstrap.servers` of kafka:orders: a:1 -> b:1",
            "the stream goes on at the offsets that it has reached: keep the same cluster",
        ),
        (
            ('servers="a:1"', 'servers="a:1", starting_offsets="earliest"'),
            "option `startingOffsets` of kafka:orders: none -> earliest",
            "it has an effect from the next full refresh on",
        ),
        (
            ("options={", 'options={"maxOffsetsPerTrigger": 5, '),
            "option `maxOffsetsPerTrigger` of kafka:orders: none -> 5",
            "existing rows do not change",
        ),
    ],
)
def test_other_options_apply_to_new_rows(tmp_path: Path, change: tuple[str, str], detail: str, reason: str) -> None:
    """The reason says what of an option the next update notices."""
    found = differences(tmp_path, QUERY, QUERY.replace(*change))
    assert [(difference.detail, difference.refresh, difference.reason) for difference in found] == [
        (detail, "incremental", reason)
    ]


def test_another_secret_is_only_other_code(tmp_path: Path) -> None:
    """Nothing of a secret is compared."""
    found = differences(tmp_path, QUERY, QUERY.replace('"kafka", "key"', '"vault", "password"'))

    assert [(difference.aspect, difference.detail) for difference in found] == [
        ("notebook", "the model is the same, the generated code differs")
    ]


def test_another_topic_of_the_environment_restarts_the_stream(tmp_path: Path) -> None:
    """The manifests are equal, the values of a variable are not."""
    query = QUERY.replace('"orders"', '"orders-" ~ var("stage")')
    before = _deploy(tmp_path / "a", query, "streaming_table")
    plan = compare_manifests(before, _deploy(tmp_path / "b", query, "streaming_table", stage="test"))
    (model,) = plan.models

    assert [(difference.detail, difference.refresh) for difference in model.differences] == [
        ("`kafka:orders-dev` -> `kafka:orders-test`", "full_refresh"),
        ("reads kafka:orders-${stage} again from the start", "full_refresh"),
    ]


def test_a_table_of_a_database_is_read_again_anyway(tmp_path: Path) -> None:
    """A batch input has no place to go on from."""
    before = 'SELECT * FROM {{ read("mysql", options={"dbtable": "a"}) }}'
    found = differences(tmp_path, before, before.replace('"a"', '"b"'), "materialized_view")

    assert [(difference.detail, difference.refresh) for difference in found] == [
        ("no longer reads mysql:a", "incremental"),
        ("reads mysql:b", "incremental"),
    ]


def test_two_readers_of_one_folder_are_not_taken_for_each_other(tmp_path: Path) -> None:
    """The same query has no differences, and a third reader is a new stream."""
    first, second = (f'{{{{ auto_loader("/orders", format="json", glob="{glob}*") }}}}' for glob in "ab")
    query = f"SELECT * FROM {first} UNION ALL SELECT * FROM {second}"

    assert not differences(tmp_path / "same", query, query)
    (third,) = differences(tmp_path / "more", query, f"{query} UNION ALL SELECT * FROM {first}")
    assert (third.detail, third.refresh) == ("reads new rows of json in /orders", "full_refresh")


def test_another_path_is_seen_beside_another_option(tmp_path: Path) -> None:
    """The value of a variable decides which files are read, whatever else has changed."""
    query = 'SELECT * FROM {{ auto_loader("/orders/" ~ var("stage"), format="json") }}'
    before = _deploy(tmp_path / "a", query, "streaming_table")
    options = query.replace('format="json"', 'format="json", glob="*.json"')
    plan = compare_manifests(before, _deploy(tmp_path / "b", options, "streaming_table", stage="test"))

    assert plan.full_refresh == ("bronze.it",)


def test_another_name_of_the_project_is_no_other_path(tmp_path: Path) -> None:
    """The keys of variables begin with the name of the project, their values are the same."""
    query = 'SELECT * FROM {{ auto_loader("/orders/" ~ var("stage"), format="json") }}'
    before = _deploy(tmp_path, query, "streaming_table")
    manifest = {**before.manifest, "project": {**before.manifest["project"], "name": "store"}}
    plan = compare_manifests(before, Deployed(manifest, {"name": "store", "configuration": {"store.stage": "dev"}}))

    assert not plan.models


def test_topics_in_another_order_are_the_same(tmp_path: Path) -> None:
    """A stream goes on at the offsets of each topic."""
    topics = QUERY.replace('"orders"', '["orders", "payments"]')
    (difference,) = differences(tmp_path, topics, QUERY.replace('"orders"', '["payments", "orders"]'))

    assert (difference.detail, difference.refresh) == (
        "option `subscribe` of kafka:payments,orders: orders,payments -> payments,orders",
        "incremental",
    )


def test_another_subscription_is_another_stream(tmp_path: Path) -> None:
    """Its name has the topic only."""
    options = '{"subscriptionId": "a", "topicId": "t", "projectId": "p"}'
    query = f'SELECT payload FROM {{{{ read_stream("pubsub", options={options}) }}}}'
    (difference,) = differences(tmp_path, query, query.replace('"a"', '"b"'))

    assert difference.reason == "the stream goes on where it has stopped: write a flow for another stream"
