"""Every row of the documentation's table as a change to a manifest, and the table itself."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from literate import lay_out

from cbx.changes.change_plan import Deployed
from cbx.compiler import compile_project

PAGE = Path(__file__).parents[2] / "docs" / "deploying.md"
Model = dict[str, Any]
State = tuple[dict[str, Any], dict[str, Any]]
"""A manifest and the settings of the pipeline."""

FILES = {
    "project.toml": '[project]\nname = "shop"\n\n[vars]\nlanding = "/landing"\n',
    "models/bronze/orders.sql": """{{ streaming_table(columns={"id": column("BIGINT", not_null=True), "at": "INT"}) }}
SELECT * FROM {{ auto_loader(var("landing") ~ "/orders", format="json") }}""",
    "models/bronze/events.sql": """{{ streaming_table(columns={"id": "BIGINT", "kind": "STRING"}) }}
SELECT id, kind FROM {{ stream_source("raw.events") }}""",
    "models/bronze/events_web.sql": """{{ flow(into="bronze.events") }}
SELECT CAST(id AS BIGINT) AS id, CAST(kind AS STRING) AS kind FROM {{ stream_source("raw.web_events") }}""",
    "models/bronze/payments.sql": """{{ streaming_table() }}
SELECT key, value FROM {{ kafka("payments", servers="broker:9092", starting_offsets="earliest") }}""",
    "models/silver/orders.sql": """{{ streaming_table(
    columns={"id": "BIGINT", "at": "INT"}, quarantine=True,
    expectations=[expect("known", "id > 0"), expect_or_drop("dated", "at IS NOT NULL")],
    properties={"delta.enableTypeWidening": "true"},
) }}
SELECT id, at FROM {{ stream("bronze.orders") }}""",
    "models/silver/recent.sql": """{{ view(columns={"id": "BIGINT", "at": "INT"}) }}
SELECT * FROM {{ stream("silver.orders") }}""",
    "models/silver/history.sql": """{{ auto_cdc(
    key="id", sequence_by="at", scd_type=2, columns={"id": "BIGINT", "at": "INT"},
) }}
SELECT id, at FROM {{ stream("silver.recent") }}""",
    "models/gold/totals.sql": """{{ materialized_view(
    key="id", columns={"id": "BIGINT", "total": "BIGINT"},
    relationships=[one_to_one("silver.orders_by_id", on="id")],
) }}
SELECT id, count(*) AS total FROM {{ ref("silver.orders") }} GROUP BY id""",
    "seeds/silver/currencies.toml": 'key = "id"\ncolumns = { id = "BIGINT", code = "STRING" }\n',
    "seeds/silver/currencies.csv": "id,code\n1,EUR\n",
    "models/silver/orders_by_id.sql": """{{ materialized_view(key="id") }}
SELECT id, max(at) AS at FROM {{ ref("silver.orders") }} GROUP BY id""",
    "models/silver/merchants.sql": """{{ auto_cdc_from_snapshot(
    key="id", scd_type=2, columns={"id": "BIGINT", "at": "INT"},
) }}
SELECT id, at FROM {{ snapshots("/landing/merchants", format="json") }}""",
    "models/gold/outbox.sql": """{{ sink(
    format="kafka", columns={"id": "BIGINT", "value": "STRING"},
    options={"kafka.bootstrap.servers": "localhost:9092", "topic": "orders"},
) }}
SELECT id, CAST(at AS STRING) AS value FROM {{ stream("silver.recent") }}""",
}


@cache
def _compile_manifest() -> str:
    with TemporaryDirectory() as folder:
        lay_out(FILES, Path(folder))
        compilation = compile_project(Path(folder), with_trace=False)
    assert compilation.succeeded, compilation.diagnostics
    return next(artifact.text for artifact in compilation.artifacts if artifact.path == "manifest.json")


def base() -> State:
    """The project as it is deployed."""
    settings = {"name": "shop", "schema": "bronze", "catalog": "shop", "configuration": {"shop.landing": "/landing"}}
    return json.loads(_compile_manifest()), settings


def as_deployed(state: State) -> Deployed:
    return Deployed(*copy.deepcopy(state))


@dataclass(frozen=True)
class Mutation:
    """A change that one row of the table is about.

    ``fits`` says to which models it can be made; ``make`` makes it, in the state after, and may mend the one before.
    """

    row: str
    aspect: str
    fits: Callable[[Model], bool]
    make: Callable[[State, State, str], None]


def streaming(model: Model) -> bool:
    return model["kind"] in {"streaming_table", "auto_cdc", "auto_cdc_from_snapshot"}


def cdc(model: Model) -> bool:
    return model["kind"] == "auto_cdc"


def snapshots(model: Model) -> bool:
    return model["kind"] == "auto_cdc_from_snapshot"


def table(model: Model) -> bool:
    return model["kind"] not in {"view", "flow", "sink"}


def replacing(model: Model) -> bool:
    return model["kind"] == "streaming_table"


def flow(model: Model) -> bool:
    return model["kind"] == "flow"


def sink(model: Model) -> bool:
    return model["kind"] == "sink"


def has_one_version(model: Model) -> bool:
    return table(model) and (model["cdc"] or {}).get("scd_type") != 2


def seed(model: Model) -> bool:
    return model["kind"] == "seed"


def _edit(change: Callable[[Model], None]) -> Callable[[State, State, str], None]:
    def make(before: State, after: State, name: str) -> None:
        del before
        change(after[0]["models"][name])

    return make


def _set(**values: Any) -> Callable[[State, State, str], None]:
    return _edit(lambda model: model.update(copy.deepcopy(values)))


def _cdc(**values: Any) -> Callable[[State, State, str], None]:
    return _edit(lambda model: model["cdc"].update(values))


def _column(**values: Any) -> Callable[[State, State, str], None]:
    return _edit(lambda model: model["columns"][0].update(values))


def _own(before: State, after: State, name: str) -> None:
    for state in (before, after):
        state[0]["models"][name]["owner"] = "sales"
    after[1]["owners"] = {"sales": "ann@example.com"}


def _remove(before: State, after: State, name: str) -> None:
    del before, after[0]["models"][name]


def _add(before: State, after: State, name: str) -> None:
    del after, before[0]["models"][name]


def _rename(before: State, after: State, name: str) -> None:
    del after
    before[0]["models"]["bronze.of_another_name"] = before[0]["models"].pop(name)


def _widen(*, is_deployed: bool) -> Callable[[State, State, str], None]:
    def make(before: State, after: State, name: str) -> None:
        for manifest, _ in (before, after):
            model = manifest["models"][name]
            model["properties"] = {"delta.enableTypeWidening": "true"} if is_deployed else {}
            model["columns"][0]["type"] = "INT"
        after[0]["models"][name]["columns"][0]["type"] = "BIGINT"

    return make


def _new_variable(before: State, after: State, name: str) -> None:
    del before, name
    after[1]["configuration"]["shop.landing"] = "/elsewhere"


def _without_quarantine(before: State, after: State, name: str) -> None:
    before[0]["models"][name]["quarantine"] = True
    after[0]["models"][name]["quarantine"] = False


def _with_quarantine(before: State, after: State, name: str) -> None:
    before[0]["models"][name]["quarantine"] = False
    after[0]["models"][name]["quarantine"] = True


def _nullable(before: State, after: State, name: str) -> None:
    before[0]["models"][name]["columns"][0]["not_null"] = True
    after[0]["models"][name]["columns"][0]["not_null"] = False


def _not_null(*, is_enforced: bool) -> Callable[[State, State, str], None]:
    def make(before: State, after: State, name: str) -> None:
        column = before[0]["models"][name]["columns"][0]
        for manifest, _ in (before, after):
            model = manifest["models"][name]
            model |= {"has_schema": is_enforced, "key": [column["name"]]}
        column["not_null"] = False
        after[0]["models"][name]["columns"][0]["not_null"] = True

    return make


def _primary_key(before: State, after: State, name: str) -> None:
    columns = [manifest["models"][name]["columns"][0] for manifest, _ in (before, after)]
    for column in columns:
        column["not_null"] = True
    before[0]["models"][name]["key"] = None
    after[0]["models"][name]["key"] = [columns[0]["name"]]


def _turn_view(before: State, after: State, name: str) -> None:
    for source in _sources(before[0]["models"], name):
        after[0]["models"][source]["kind"] = "streaming_table"


def _kind(*kinds: str) -> Callable[[State, State, str], None]:
    def make(before: State, after: State, name: str) -> None:
        now = before[0]["models"][name]["kind"]
        becomes = kinds[1] if now == kinds[0] else kinds[0]
        arguments = {"sequence_by": ["at"], "scd_type": 1} if becomes == "auto_cdc" else None
        after[0]["models"][name] |= {"kind": becomes, "cdc": arguments}

    return make


def _restart(before: State, after: State, name: str) -> None:
    """What the model streams from gets another source, or for what streams from outside: nothing to do with it."""
    for source in _sources(before[0]["models"], name):
        after[0]["models"][source]["inputs"] = [{"table": "raw.other", "mode": "stream"}]


def _replace(before: State, after: State, name: str) -> None:
    del before
    after[0]["models"][name] |= {"replace_using": ["id"], "sequence_by": "id"}


def _restart_flow(before: State, after: State, name: str) -> None:
    del before
    for model in after[0]["models"].values():
        if flow(model) and model["flow"]["into"] == name:
            model["inputs"] = [STREAM]


def _read_topic(topic: str, **options: str) -> Callable[[State, State, str], None]:
    def make(before: State, after: State, name: str) -> None:
        del before
        source = after[0]["models"][name]["inputs"][0]
        source |= {"name": f"kafka:{topic}", "options": source["options"] | {"subscribe": topic} | options}

    return make


def _reads_kafka(model: Model) -> bool:
    return any(source.get("format") == "kafka" for source in model["inputs"])


def _sources(models: dict[str, Model], name: str) -> Iterator[str]:
    for source in models[name]["inputs"]:
        if source["mode"] == "stream" and "model" in source:
            yield source["model"]


STREAM = {"table": "raw.more", "mode": "stream"}
BATCH = {"table": "raw.lookup", "mode": "batch"}
RULE = {"name": "fresh", "condition": "id > 1", "on_violation": "warn"}
TEST = {"name": "a_row_count", "test": "row_count", "at_least": 1, "on_violation": "warn", "verdict": "unproven"}
RELATION = {"parent": "a.b", "child": "c.d", "on": {"id": "id"}, "cardinality": "one_to_many"}
NEW_COLUMN = {"name": "more", "type": "STRING", "description": None, "not_null": False, "lineage": None}

TOPIC = {"format": "kafka", "options": {"kafka.bootstrap.servers": "localhost:9092", "topic": "another"}}

OWNER = "owner changed, in the model or in `owners` of the environment"

MUTATIONS = (
    Mutation("model added", "model", lambda _: True, _add),
    Mutation("model removed", "model", lambda _: True, _remove),
    Mutation("code changed", "code", lambda model: not seed(model), _set(code_hash="another")),
    Mutation("rows of a seed changed", "rows", seed, _set(code_hash="another", row_count=9)),
    Mutation(
        "expectations changed", "expectations", lambda _: True, _edit(lambda model: model["expectations"].append(RULE))
    ),
    Mutation("data tests changed", "tests", table, _set(tests=[TEST])),
    Mutation(
        "relationships changed",
        "relationships",
        lambda _: True,
        _edit(lambda model: model["relationships"].append(RELATION)),
    ),
    Mutation(
        "properties changed", "properties", lambda _: True, _edit(lambda model: model["properties"].update(team="blue"))
    ),
    Mutation("description changed", "description", lambda _: True, _set(description="In other words.")),
    Mutation("clustering changed", "cluster_by", table, _set(cluster_by=["id"])),
    Mutation("key changed", "key", lambda model: not cdc(model) and not snapshots(model), _set(key=["another"])),
    Mutation("key of auto_cdc or auto_cdc_from_snapshot changed", "cdc.key", cdc, _set(key=["another"])),
    Mutation("sequence of auto_cdc changed", "cdc.sequence_by", cdc, _cdc(sequence_by=["another"])),
    Mutation("SCD type changed", "cdc.scd_type", cdc, _cdc(scd_type=1)),
    Mutation("excluded columns of auto_cdc changed", "cdc.except_columns", cdc, _cdc(except_columns=["kind"])),
    Mutation("other argument of auto_cdc changed", "cdc.track_history", cdc, _cdc(track_history=["at"])),
    Mutation("other argument of auto_cdc changed", "cdc.apply_as_deletes", cdc, _cdc(apply_as_deletes="at < 0")),
    Mutation(
        "batch input added or removed", "inputs", lambda _: True, _edit(lambda model: model["inputs"].append(BATCH))
    ),
    Mutation(
        "streaming input added or removed",
        "stream",
        lambda model: streaming(model) or sink(model),
        _edit(lambda model: model["inputs"].append(STREAM)),
    ),
    Mutation("streaming input added or removed", "stream", streaming, _set(inputs=[STREAM])),
    Mutation(
        "value of a variable in a streamed path changed",
        "stream",
        lambda model: (
            streaming(model) and any("path" in other and other["mode"] == "stream" for other in model["inputs"])
        ),
        _new_variable,
    ),
    Mutation("topic of a streaming service changed", "stream", _reads_kafka, _read_topic("refunds")),
    Mutation("option of a reader changed", "inputs", _reads_kafka, _read_topic("payments", failOnDataLoss="false")),
    Mutation("option of a reader changed", "inputs", _reads_kafka, _read_topic("payments", startingOffsets="latest")),
    Mutation("column added", "columns", lambda _: True, _edit(lambda model: model["columns"].append(NEW_COLUMN))),
    Mutation("column removed", "columns", lambda _: True, _edit(lambda model: model["columns"].pop())),
    Mutation("column's type narrowed or otherwise changed", "columns", lambda _: True, _column(type="SMALLINT")),
    Mutation("column's type narrowed or otherwise changed", "columns", lambda _: True, _column(type="STRING")),
    Mutation(
        "column's type widened, `delta.enableTypeWidening` not deployed",
        "columns",
        lambda _: True,
        _widen(is_deployed=False),
    ),
    Mutation(
        "column's type widened, `delta.enableTypeWidening` deployed",
        "columns",
        lambda _: True,
        _widen(is_deployed=True),
    ),
    Mutation(
        "column made NOT NULL, with a primary key or a mask", "columns", has_one_version, _not_null(is_enforced=True)
    ),
    Mutation("column made NOT NULL, without them", "columns", lambda _: True, _not_null(is_enforced=False)),
    Mutation(
        "key made a primary key, whose columns are NOT NULL",
        "columns",
        lambda model: has_one_version(model) and not model["cdc"],
        _primary_key,
    ),
    Mutation("column allowed to be NULL", "columns", lambda _: True, _nullable),
    Mutation("quarantine added", "quarantine", table, _with_quarantine),
    Mutation("quarantine removed", "quarantine", table, _without_quarantine),
    Mutation("streaming table to auto_cdc, or back", "kind", streaming, _kind("streaming_table", "auto_cdc")),
    Mutation(
        "streaming table to materialized view, or back",
        "kind",
        lambda model: model["kind"] in {"streaming_table", "materialized_view"},
        _kind("streaming_table", "materialized_view"),
    ),
    Mutation("seed to materialized view, or back", "kind", seed, _kind("seed", "materialized_view")),
    Mutation(
        "table to view", "kind", lambda model: model["kind"] == "materialized_view", _kind("materialized_view", "view")
    ),
    Mutation("view to table", "kind", lambda model: model["kind"] == "view", _kind("view", "materialized_view")),
    Mutation("key of auto_cdc or auto_cdc_from_snapshot changed", "cdc.key", snapshots, _set(key=["another"])),
    Mutation("SCD type changed", "cdc.scd_type", snapshots, _cdc(scd_type=1)),
    Mutation("other argument of auto_cdc changed", "cdc.track_history", snapshots, _cdc(track_history=["at"])),
    Mutation(
        "type of the versions of snapshots changed",
        "snapshots",
        snapshots,
        _edit(lambda model: model["inputs"][0].update(version="BIGINT")),
    ),
    Mutation("target of a sink changed", "sink.options", sink, _set(sink=TOPIC)),
    Mutation("target of a sink changed", "sink.foreach_batch", sink, _set(sink={"foreach_batch": "send"})),
    Mutation("table to sink", "kind", lambda model: model["kind"] == "streaming_table", _set(kind="sink")),
    Mutation("partitioning changed", "partition_cols", table, _set(partition_cols=["id"])),
    Mutation("`replace_using` or `sequence_by` of a streaming table changed", "replace_using", replacing, _replace),
    Mutation(
        "refresh policy, row filter, Spark settings or automatic clustering changed",
        "row_filter",
        table,
        _set(row_filter="security.own ON (id)"),
    ),
    Mutation("mask of a column changed", "columns", table, _column(mask="security.mask", not_null=False)),
    Mutation("tags of the table or of a column changed", "table_tags", table, _set(table_tags={"domain": "sales"})),
    Mutation("tags of the table or of a column changed", "columns", table, _column(tags={"pii": "email"})),
    Mutation(OWNER, "owner", lambda _: True, _set(owner="sales")),
    Mutation(OWNER, "owner", table, _own),
    Mutation("moved to another pipeline", "pipeline", lambda _: True, _set(pipeline="serve")),
    Mutation("dataset renamed", "dataset", lambda model: not flow(model), _set(dataset="other.name")),
    Mutation("`into` of a flow changed", "into", flow, _edit(lambda model: model["flow"].update(into="silver.recent"))),
    Mutation(
        "`once`, name or streaming input of a flow changed",
        "stream",
        flow,
        _edit(lambda model: model["flow"].update(once=True)),
    ),
    Mutation(
        "`once`, name or streaming input of a flow changed",
        "stream",
        flow,
        _edit(lambda model: model["inputs"].append(STREAM)),
    ),
    Mutation("`once`, name or streaming input of a flow changed", "stream", flow, _set(dataset="other_name")),
    Mutation(
        "a flow into the table starts over", "flow", lambda model: model["dataset"] == "bronze.events", _restart_flow
    ),
    Mutation(
        "upstream table needs a full refresh",
        "upstream",
        lambda model: (
            (streaming(model) or sink(model))
            and any(other["mode"] == "stream" and "model" in other for other in model["inputs"])
        ),
        _restart,
    ),
    Mutation(
        "view that it streams from becomes a table, or back",
        "upstream",
        lambda model: any(other.get("model") == "silver.recent" for other in model["inputs"]),
        _turn_view,
    ),
    Mutation("model renamed, with the same dataset", "model", lambda _: True, _rename),
)


def rows() -> dict[str, tuple[str, str, str]]:
    """The table of the page: what a change asks of a streaming table, of others, and whether rows are lost."""
    text = PAGE.read_text(encoding="utf-8")
    body = text.partition("| change | streaming table, auto_cdc |")[2].partition("\n\n")[0]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in body.split("\n")[2:]]
    return {row[0].strip(): (row[1].strip(), row[2].strip(), row[3].strip()) for row in cells}
