"""The options of `cbx run` on notebooks that nobody compiled, and the commands that look at what it made."""

from __future__ import annotations

import json
import re

import pytest

from compiler.tests.foreign.terminal import Desk, cbx_here, events

SHOP = """
    import dlt

    @dlt.table(name="shop.orders", comment="As they landed")
    def orders():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema("id INT, region STRING").load("landing")

    @dlt.view
    def regional():
        return dlt.read("shop.orders").where(f"region = '{spark.conf.get('shop.region', 'north')}'")

    @dlt.table(name="shop.totals")
    @dlt.expect("some", "orders > 1")
    def totals():
        return dlt.read("regional").selectExpr("count(*) AS orders", "max(id) AS last")

    dlt.create_sink("out", "json", {"path": "out"})

    @dlt.append_flow(target="out")
    def to_out():
        return dlt.read_stream("shop.orders")
"""


@pytest.fixture
def shop(desk: Desk) -> Desk:
    """A shop with two orders that nobody has looked at yet."""
    desk.notebook(SHOP)
    desk.land("1.json", '{"id": 1, "region": "north"}\n{"id": 2, "region": "south"}\n')
    return desk


def test_a_dry_run_prints_the_graph_and_leaves_no_trace(shop: Desk) -> None:
    """Views are part of the graph, and no row is read."""
    answer = shop.run("--dry-run")

    graph = [tuple(re.split(r"\s{2,}", line.strip())) for line in answer.output.splitlines()]
    assert (answer.status, answer.errors, graph, sorted(path.name for path in shop.folder.iterdir())) == (
        0,
        "",
        [
            ("dataset", "kind"),
            ("regional", "view"),
            ("reads", "shop.orders"),
            ("shop.orders", "streaming table"),
            ("shop.totals", "materialized view"),
            ("reads", "regional"),
            ("out", "sink"),
            ("reads", "shop.orders"),
        ],
        ["landing", "notebook.py"],
    )


def test_options_choose_what_is_updated_and_with_which_values(shop: Desk) -> None:
    """`--select` leaves the rest as it is, `--var` is what `spark.conf.get` gives, `--full-refresh` starts over."""
    shop.run()
    north = shop.rows("shop.totals")
    shop.land("2.json", '{"id": 3, "region": "south"}\n')
    south = shop.run("--var", "shop.region=south", "--select", "shop.totals")
    before = shop.rows("shop.totals")
    (shop.folder / "landing/1.json").unlink()
    again = shop.run("--full-refresh", "--select", "shop.orders,SHOP.TOTALS")
    refused = shop.run()

    assert (north, before, list(south.statuses), again.statuses, shop.rows("shop.totals")) == (
        [(1, 1)],
        [(1, 2)],
        ["shop.totals"],
        {"shop.orders": "completed", "shop.totals": "completed"},
        [(0, None)],
    )
    assert refused.problems.splitlines()[::2] == [
        "error[CBX509] needs-full-refresh: out: `shop.orders` was fully refreshed since `out` read it",
        "= hint: run with --full-refresh --select out",
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--select", "shop.oders"), 1, ("no dataset is named `shop.oders`, which is selected", "`shop.orders`")),
        (("--var", "region"), 2, ("--var region: write a variable as name=value", "")),
        (("--state", "notebook.py"), 2, ("notebook.py cannot be created: File exists", "--state")),
    ],
)
def test_an_option_that_cannot_be_is_said(
    shop: Desk, arguments: tuple[str, ...], status: int, said: tuple[str, str]
) -> None:
    """With the way out, if there is one."""
    answer = shop.run(*arguments)

    assert (answer.status, [text in answer.problems for text in said], len(answer.problems.splitlines())) == (
        status,
        [True, True],
        2 if said[1] else 1,
    )


def test_a_path_without_notebooks_is_said(desk: Desk) -> None:
    """Whether it is not there, or holds nothing to run."""
    desk.land("1.json", "{}")
    answers = [desk.run(paths=(path,)) for path in ("nowhere.py", "landing")]

    assert [(answer.status, answer.errors.splitlines()[0]) for answer in answers] == [
        (2, "error[CBX507] cannot-start: nowhere.py does not exist"),
        (2, "error[CBX507] cannot-start: landing has no Python or SQL files"),
    ]


def test_events_are_those_of_the_last_update(shop: Desk) -> None:
    """One JSON object a line, in the shape of the event log; the table has the counts of every rule."""
    shop.run("--select", "shop.orders")
    shop.run()
    rows = events(shop.state)
    finished = {  # in any order: the table and the sink read the same orders, at the same time
        row["origin"]["dataset_name"]: row["details"]["flow_progress"]
        for row in rows
        if row["event_type"] == "flow_progress" and row["details"]["flow_progress"]["status"] == "COMPLETED"
    }
    table = [line.split() for line in cbx_here("events", "--state", ".cbx").output.splitlines()]

    rule = {"name": "some", "dataset": "shop.totals", "passed_records": 0, "failed_records": 1}
    assert sorted(finished) == ["out", "shop.orders", "shop.totals"]
    assert finished["shop.totals"]["data_quality"] == {"dropped_records": 0, "expectations": [rule]}
    assert table[table.index(["shop.totals", "completed", "full", "1", "0"]) + 1] == ["some", "0", "1"]


TYPES = """
    import dlt

    @dlt.table
    def types():
        return spark.sql('''
            SELECT 1 AS id, CAST('12345678901234567890.12' AS DECIMAL(38, 2)) AS large,
                CAST('1.50' AS DECIMAL(5, 2)) AS price, CAST(0.1 AS FLOAT) AS share, DATE'2026-01-02' AS day,
                TIMESTAMP'2026-01-02 03:04:05.678901' AS moment, true AS yes, X'CAFE' AS bytes,
                named_struct('a', 1, 'b', array('x', NULL)) AS nested, map('k', 1.5D) AS pairs, map() AS no_pairs,
                'say "hi", ünï [bold]x[/bold]' AS text, '' AS empty
            UNION ALL SELECT 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        ''')
"""


def test_rows_are_shown_in_three_formats(desk: Desk) -> None:
    """Nested values, decimals, times and NULLs keep what they are: a JSON number only where it is exact."""
    desk.notebook(TYPES)
    desk.run()
    shown = {
        name: cbx_here("show", "TYPES", "--state", ".cbx", "--format", name).output.splitlines()
        for name in ("json", "csv", "table")
    }

    assert [json.loads(line) for line in shown["json"]] == [
        {
            "id": 1,
            "large": "12345678901234567890.12",
            "price": 1.5,
            "share": 0.1,
            "day": "2026-01-02",
            "moment": "2026-01-02 03:04:05.678901",
            "yes": True,
            "bytes": "cafe",
            "nested": {"a": 1, "b": ["x", None]},
            "pairs": {"k": 1.5},
            "no_pairs": {},
            "text": 'say "hi", ünï [bold]x[/bold]',
            "empty": "",
        },
        {**dict.fromkeys(json.loads(shown["json"][1])), "id": 2},
    ]
    assert shown["csv"] == [
        "id,large,price,share,day,moment,yes,bytes,nested,pairs,no_pairs,text,empty",
        "1,12345678901234567890.12,1.50,0.1,2026-01-02,2026-01-02 03:04:05.678901,true,cafe,{},{},{{}},{},".format(
            '"{""a"": 1, ""b"": [""x"", null]}"', '"{""k"": 1.5}"', '"say ""hi"", ünï [bold]x[/bold]"'
        ),
        "2,,,,,,,,,,,,",
    ]
    assert [line.split()[:3] for line in shown["table"] if line.strip()] == [
        ["id", "large", "price"],
        [shown["table"][2].split()[0]],
        ["1", "12345678901234567890.12", "1.50"],
        ["2", "NULL", "NULL"],
        ["2", "rows"],
    ]


def test_a_table_that_is_not_there_is_said_with_the_near_ones(shop: Desk) -> None:
    """So it is where nothing has been made yet."""
    nothing = cbx_here("show", "shop.orders", "--state", ".cbx")
    no_events = cbx_here("events", "--state", ".cbx")
    shop.run("--select", "shop.orders")
    misspelt = cbx_here("show", "shop.oders", "--state", ".cbx")
    limited = cbx_here("show", "shop.orders", "--state", ".cbx", "--limit", "1")

    assert [(outcome.status, outcome.problems.splitlines()) for outcome in (nothing, no_events, misspelt)] == [
        (2, ["error[CBX507] cannot-start: .cbx has no tables", "= hint: run `cbx run` first"]),
        (2, ["error[CBX507] cannot-start: .cbx has no events", "= hint: run `cbx run` first"]),
        (
            2,
            [
                "error[CBX503] unknown-table: there is no table `shop.oders` in .cbx",
                "= hint: did you mean `shop.orders`? the tables are shop.orders",
            ],
        ),
    ]
    assert limited.output.splitlines()[-1] == "1 of 2 rows; --limit 0 shows all"
