"""A project with more than twenty different mistakes: one run reports each at its exact place, and writes nothing."""

from __future__ import annotations

import json
from pathlib import Path

from literate import lay_out

from compiler.tests.command import run_cbx

FILES = {
    "project.toml": """\
[project]
name = "shop"

[vars]
landing = "/landing"

[environments.dev.vars]
country = "DE"

[environments.prod]
catalog = "shop"
""",
    "macros/money.sql": """\
{% macro revenue() %}{{ amount() }} * quantity{% endmacro %}
""",
    "macros/shares.sql": """\
{% macro half(column) %}{{ column }} / 2{% endmacro %}
""",
    "macros/contact.py": """\
def digits_only(name):
    return name
""",
    "models/raw/orders.sql": """\
{{ streaming_table() }}
SELECT * FROM {{ stream_source("raw.orders") }}
""",
    "models/bronze/daily-orders.sql": """\
{{ streaming_table() }}
SELECT * FROM {{ stream_source("raw.orders") }}
""",
    "models/bronze/customers.py": """\
from cbx import auto_loader, streaming_table


@streaming_table(kei="customer_id")
def customers(
    files=auto_loader("/landing/customers", format="jsonl"),
):
    return files
""",
    "models/bronze/orders.py": """\
import os

from cbx import auto_loader, streaming_table

from macros.contact import digits


@streaming_table(
    description="Größen" if os else "",  # é moves no caret
\towner=os.environ["TEAM"],
    columns={"order_id": "BIGNIT", "customer_id": "BIGINT"},
)
def orders(files=auto_loader("/landing/orders")):
    return files.select(digits("telephone"))
""",
    "models/bronze/items.py": """\
from cbx import stream_source, streaming_table


@streaming_table()
def item(raw=stream_source("raw.items")):
    return raw
""",
    "models/bronze/payments.py": """\
from cbx import stream_source, streaming_table


@streaming_table()
def payments(raw=stream_source("raw.payments"))
    return raw
""",
    "models/bronze/nothing.sql": """\
SELECT 1 AS one
""",
    "models/bronze/web/refunds.sql": """\
{{ streaming_table() }}
SELECT * FROM {{ stream_source("web.refunds") }}
""",
    "models/bronze/shop/refunds.sql": """\
{{ streaming_table() }}
SELECT * FROM {{ stream_source("shop.refunds") }}
""",
    "models/bronze/visits.sql": """\
{{ streaming_table() }}
SELECT * FROM {{ auto_loader(var("landign"), format="json") }}
""",
    "models/silver/profiles.sql": """\
{{ materialized_view(
    key="customer_id",
    relationships=[many_to_one("silver.customers", on="customer_id")],
) }}
SELECT * FROM {{ source("raw.profiles") }}
""",
    "models/silver/customers.sql": """\
{{ auto_cdc(
    key="customer_id",
    scd_type=2,
    apply_as_truncates="operation = 'TRUNCATE'",
    columns={"customer_id": "BIGINT", "country": "STRING"},
    relationships=[one_to_many("silver.orders", on="customer_id")],
) }}
SELECT * FROM {{ stream("bronze.customers") }}
""",
    "models/silver/orders.sql": """\
{{ materialized_view(
    key=["order_id", "line_nr"],
    columns={"order_id": "BIGINT", "line": "INT", "customer_id": "STRING", "country": "STRING"},
    expectations=[
        expect("paid", "amout > 0"),
        expect_or_drop("ordered", "order_id + 1"),
        expect("ordered", "order_id > 0"),
    ],
    relationships=[
        many_to_one("silver.customers", on="country"),
        one_to_one("silver.addresses", on="customer_id"),
        many_to_one("silver.regions", on="region"),
    ],
) }}
SELECT * FROM {{ ref("bronze.odrers") }} WHERE country = '{{ var("country") }}'
""",
    "models/silver/addresses.sql": """\
{{ materialized_view(
    key="customer_id",
    columns={"customer_id": "STRING"},
    relationships=[many_to_one("silver.regions", on={"customer_id": "region"})],
) }}
SELECT customer_id, {{ revenu() }} AS revenue FROM {{ source("raw.addresses") }}
""",
    "models/silver/regions.sql": """\
{{ materialized_view(key="region", relationships=[one_to_one("silver.addresses", on={"region": "customer_id"})]) }}
SELECT DISTINCT region, {{ half("population") }} AS half FROM {{ ref("gold.revenue") }}
""",
    "models/silver/queries.sql": """\
{{ materialized_view() }}
SELECT a b c
FROM {{ source("raw.orders WHERE true") }}
""",
    "models/silver/places.sql": """\
{{ materialized_view() }}
SELECT * FROM {{ ref("silver.towns") }}
""",
    "models/silver/towns.sql": """\
{{ materialized_view() }}
SELECT * FROM {{ ref("silver.places") }}
""",
    "models/gold/revenue.sql": """\
{{ materialized_view() }}
SELECT * FROM {{ stream_source("raw.revenue") }}
""",
    "models/gold/large_orders.sql": """\
{{ streaming_table() }}
SELECT * FROM {{ stream("silver.orders") }}
""",
}

EXPECTED = [
    "CBX205 macros/money.sql:1:25-1:31",
    "CBX102 models/bronze/customers.py:4:18-4:21",
    "CBX103 models/bronze/customers.py:6:52-6:59",
    "CBX106 models/bronze/daily-orders.sql:1:1-1:2",
    "CBX105 models/bronze/items.py:5:5-5:9",
    "CBX105 models/bronze/nothing.sql:1:1-1:2",
    "CBX205 models/bronze/orders.py:5:28-5:34",
    "CBX104 models/bronze/orders.py:9:17-9:39",
    "CBX104 models/bronze/orders.py:10:8-10:26",
    "CBX103 models/bronze/orders.py:11:26-11:34",
    "CBX403 models/bronze/orders.py:13:18-13:29",
    "CBX101 models/bronze/payments.py:5:48-5:49",
    "CBX205 models/bronze/visits.sql:2:34-2:43",
    "CBX203 models/bronze/web/refunds.sql:1:1-1:2",
    "CBX402 models/gold/large_orders.sql:2:25-2:40",
    "CBX401 models/gold/revenue.sql:2:32-2:45",
    "CBX106 models/raw/orders.sql:1:1-1:2",
    "CBX205 models/silver/addresses.sql:6:24-6:30",
    "CBX403 models/silver/customers.sql:1:4-1:12",
    "CBX401 models/silver/customers.sql:4:24-4:48",
    "CBX306 models/silver/customers.sql:6:52-6:65",
    "CBX301 models/silver/orders.sql:2:22-2:31",
    "CBX405 models/silver/orders.sql:5:24-5:35",
    "CBX406 models/silver/orders.sql:6:35-6:49",
    "CBX404 models/silver/orders.sql:7:16-7:25",
    "CBX303 models/silver/orders.sql:10:9-10:54",
    "CBX304 models/silver/orders.sql:11:9-11:57",
    "CBX302 models/silver/orders.sql:12:42-12:50",
    "CBX201 models/silver/orders.sql:15:22-15:37",
    "CBX202 models/silver/places.sql:2:22-2:36",
    "CBX305 models/silver/profiles.sql:3:20-3:69",
    "CBX101 models/silver/queries.sql:2:12-2:13",
    "CBX106 models/silver/queries.sql:3:16-3:39",
    "CBX307 models/silver/regions.sql:1:51-1:111",
    "CBX204 models/silver/regions.sql:2:70-2:84",
    "CBX205 project.toml:10:2-10:19",
]


def test_one_run_reports_every_mistake_at_its_place(tmp_path: Path) -> None:
    """Each diagnostic is a code and a range of characters; none follows from another, and none is missing."""
    lay_out(FILES, tmp_path)
    (tmp_path / "target" / "notebooks").mkdir(parents=True)
    (tmp_path / "target" / "notebooks" / "old.py").write_text("# as it was\n", encoding="utf-8")
    done = run_cbx(tmp_path, "compile", "--format", "json")
    actual = [
        "{code} {path}:{line}:{column}-{end_line}:{end_column}".format(**diagnostic)
        for diagnostic in json.loads(done.stdout)["diagnostics"]
    ]
    left = sorted(path.relative_to(tmp_path / "target").as_posix() for path in (tmp_path / "target").rglob("*"))

    assert (done.returncode, done.stderr) == (1, "")
    assert left == ["notebooks", "notebooks/old.py"]
    assert len({line.partition(" ")[0] for line in actual}) >= 20
    assert actual == EXPECTED
