"""The tables of the cases: a small shop."""

from __future__ import annotations

from cbx.analysis.facts import CurrentKey, Table, TableColumn, TableRelationship


def table(name: str, columns: str, *keys: tuple[str, ...], current: tuple[CurrentKey, ...] = ()) -> Table:
    """A table from a list such as ``id BIGINT!, name STRING``, where ``!`` says that there is no NULL."""
    listed = []
    for column in columns.split(", "):
        written, _, kind = column.rstrip("!").partition(" ")
        listed.append(TableColumn(written, kind or None, column.endswith("!")))
    return Table(name, tuple(listed), keys, current)


TABLES = {
    listed.name: listed
    for listed in (
        table("customers", "id BIGINT!, name STRING, country STRING", ("id",)),
        table("orders", "order_id BIGINT!, customer_id BIGINT, status STRING, ts TIMESTAMP", ("order_id",)),
        table("items", "order_id BIGINT!, line INT!, product STRING, tags ARRAY<STRING>", ("order_id", "line")),
        table("profiles", "customer_id BIGINT, motto STRING", ("customer_id",)),
        table("accounts", "customer_id BIGINT, bank STRING", ("customer_id",)),
        table("codes", "code STRING!, meaning STRING", ("code",)),
        table("features", "id BIGINT!, active BOOLEAN", ("id", "active")),
        table("events", "kind STRING, at TIMESTAMP, customer_id BIGINT"),
        table(
            "addresses",
            "customer_id BIGINT!, city STRING, __START_AT DATE!, __END_AT DATE",
            ("customer_id", "__START_AT"),
            current=(CurrentKey(("customer_id",), "__END_AT", "__START_AT"),),
        ),
        table(
            "tiers",
            "customer_id BIGINT!, tier STRING, __START_AT DATE!, __END_AT DATE",
            ("customer_id", "__START_AT"),
            ("tier", "__START_AT"),
            current=(CurrentKey(("customer_id",), "__END_AT", "__START_AT"),),
        ),
        table(
            "readings",
            "sensor BIGINT, value DOUBLE, note STRING, place STRING COLLATE UTF8_LCASE, labels MAP<STRING, INT>, "
            "parts ARRAY<INT>, day DATE, at TIMESTAMP",
        ),
        Table("unlisted", None, (("id",),)),
    )
}

RELATIONSHIPS = (
    TableRelationship("customers", "orders", (("customer_id", "id"),), "one_to_many"),
    TableRelationship("customers", "events", (("customer_id", "id"),), "one_to_many"),
    TableRelationship("customers", "profiles", (("customer_id", "id"),), "one_to_one"),
    TableRelationship("orders", "items", (("order_id", "order_id"),), "one_to_many"),
)
