"""The tables of ``provable_keys.txt``: what is declared of them, and rows that hold NULLs, ties and look-alikes."""

from __future__ import annotations

from shop import table

from cbx.analysis.facts import CurrentKey

TABLES = {
    listed.name: listed
    for listed in (
        table("members", "member_id BIGINT!, nick STRING, plan STRING, joined DATE, active BOOLEAN", ("member_id",)),
        table("perks", "member_id BIGINT!, memo STRING, tier INT", ("member_id",)),
        table(
            "trips",
            "trip_id BIGINT!, member_id BIGINT, status STRING, day DATE!, fare DECIMAL(10,2), score DOUBLE",
            ("trip_id",),
        ),
        table("stops", "trip_id BIGINT!, seq INT!, place STRING, wait INT", ("trip_id", "seq")),
        table("tariffs", "code STRING!, price INT", ("code",)),
        table("logs", "uid BIGINT, x DOUBLE, tag STRING, at TIMESTAMP"),
        table(
            "homes",
            "member_id BIGINT!, city STRING, __START_AT DATE!, __END_AT DATE",
            ("member_id", "__START_AT"),
            current=(CurrentKey(("member_id",), "__END_AT", "__START_AT"),),
        ),
    )
}

ROWS = {
    "members": (
        "(1, 'ann', 'a', DATE'2025-01-30', true), (2, 'bob', NULL, DATE'2025-01-01', false), "
        "(11, NULL, 'a', DATE'2025-01-31', NULL), (12, 'none', NULL, NULL, true), "
        "(-1, 'ann', 'b', DATE'2025-01-30', NULL)"
    ),
    "perks": "(1, 'x', 1), (2, NULL, 1), (3, 'y', NULL), (11, 'z', 2)",
    "trips": (
        "(1, 1, 'open', DATE'2025-01-31', 5.00, 0.0D), (2, 1, 'done', DATE'2025-01-31', 5.50, -0.0D), "
        "(11, 11, 'OPEN', DATE'2025-02-01', 9.00, CAST('NaN' AS DOUBLE)), "
        "(12, NULL, NULL, DATE'2025-02-01', NULL, NULL), "
        "(3, 2, 'open', DATE'2025-02-10', 2.00, 1.0D), (4, 2, 'done', DATE'2025-03-10', 2.00, 1.0D), "
        "(111, NULL, 'open', DATE'2025-02-01', 12.00, 3.0D)"
    ),
    "stops": (
        "(1, 1, 'p', 1), (1, 11, 'q', 9), (11, 1, 'p', 1), (1, 2, NULL, NULL), (2, 1, '1-1', 4), (11, 11, NULL, 5), "
        "(3, 1, 'p', 4), (1, -1, 'p', 2), (1, 111, 'p', 2), (11, 2, 'p', NULL)"
    ),
    "tariffs": "('a', 1), ('A', 2), ('7', 3), ('07', 3)",
    "logs": (
        "(1, 0.0D, 'a', TIMESTAMP'2025-01-01 01:00:00'), (1, -0.0D, 'a', TIMESTAMP'2025-01-01 23:30:00'), "
        "(2, CAST('NaN' AS DOUBLE), NULL, TIMESTAMP'2025-01-02 00:00:00'), (NULL, NULL, 'b', NULL), "
        "(3, 1.0D, 'b', TIMESTAMP'2025-01-02 00:00:00')"
    ),
    "homes": (
        "(1, 'Oslo', DATE'2025-01-01', DATE'2025-01-31'), (1, 'Bonn', DATE'2025-01-31', DATE'2025-02-05'), "
        "(1, 'Rome', DATE'2025-02-05', NULL), (2, 'Oslo', DATE'2025-01-01', NULL), "
        "(11, 'Rome', DATE'2025-01-15', DATE'2025-02-01'), (11, 'Bonn', DATE'2025-02-01', DATE'2025-02-11')"
    ),
}
