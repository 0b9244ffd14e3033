"""Landing folders as they are: half-written files, damaged ones, files that change and folders that vanish.

Whatever is wrong is in the rescued data or is reported with its path; nothing is lost or counted twice.
"""

from __future__ import annotations

import gzip
import json
import shutil
from typing import Any

from compiler.tests.foreign.terminal import Desk

NOTEBOOK = """
    # Databricks notebook source
    import dlt

    HINTS = "id BIGINT, name STRING"


    def landed(name, file_format):
        @dlt.table(name=name)
        def table():
            return (
                spark.readStream.format("cloudFiles")
                .option("cloudFiles.format", file_format)
                .option("cloudFiles.schemaHints", HINTS)
                .option("header", "true")
                .load(f"landing/{name}")
            )


    for name in TABLES:
        landed(name, "json")
    for name in CSV_TABLES:
        landed(name, "csv")
"""


def notebook(desk: Desk, tables: tuple[str, ...] = (), csv_tables: tuple[str, ...] = ()) -> None:
    desk.notebook(NOTEBOOK.replace("CSV_TABLES", repr(csv_tables)).replace("TABLES", repr(tables)))


def rescued_data(desk: Desk, file: str, **values: Any) -> str:
    """The rescued data of a record of that landing file."""
    place = f"file:{desk.folder / 'landing' / file}"
    return json.dumps({**values, "_file_path": place}, separators=(",", ":"), ensure_ascii=False)


def test_what_is_no_record_is_rescued_with_its_path(desk: Desk) -> None:
    """Half a line, words, bytes that are no text, a short row: each is a row with its text and its file."""
    notebook(desk, ("lines", "folders"), ("short",))
    desk.land("lines/half.json", '{"id": 1, "name": "Ann"}\n{"id": 2, "name": "Be')
    desk.land("lines/no.json", b'hello\n{"id": "x", "name": "Eve"}\n\n\xff\xfe\x01(\n')
    desk.land("folders/2026.json/part.json", '{"id": 1, "name": "Ann"}\n')
    (desk.folder / "landing/folders/empty.json").mkdir()
    desk.land("short/1.csv", 'id,name,town\n1,Ann,Ulm\n2,Bea\n3,Cid,Bonn,extra\n"4,Dora,Hof\n')
    desk.land("short/2.csv", "")
    answer = desk.run()

    actual = (answer.status, {name: desk.rows(name) for name in ("lines", "folders", "short")})
    assert actual == (
        0,
        {
            "lines": [
                (1, "Ann", None),
                (None, "Eve", rescued_data(desk, "lines/no.json", id="x")),
                (None, None, rescued_data(desk, "lines/no.json", _corrupt_record="hello")),
                (None, None, rescued_data(desk, "lines/half.json", _corrupt_record='{"id": 2, "name": "Be')),
                (None, None, rescued_data(desk, "lines/no.json", _corrupt_record="\ufffd\ufffd\x01(")),
            ],
            "folders": [(1, "Ann", None)],
            "short": [
                (1, "Ann", "Ulm", None),
                (2, "Bea", None, rescued_data(desk, "short/1.csv", _corrupt_record="2,Bea")),
                (3, "Cid", "Bonn", rescued_data(desk, "short/1.csv", _corrupt_record="3,Cid,Bonn,extra")),
                (None, None, None, rescued_data(desk, "short/1.csv", _corrupt_record='"4,Dora,Hof')),
            ],
        },
    )


def test_a_damaged_file_stops_its_table_alone_until_it_is_repaired(desk: Desk) -> None:
    """The table stays as it was, the file is named, and after the repair each row is there once."""
    notebook(desk, ("archive", "other"))
    whole = gzip.compress(b'{"id": 2, "name": "Bea"}\n' * 2)
    desk.land("archive/1.json", '{"id": 1, "name": "Ann"}\n')
    desk.land("other/1.json", '{"id": 1, "name": "Ann"}\n')
    first = desk.run()
    broken = desk.land("archive/2.json.gz", whole[:-12])
    desk.land("archive/3.json", '{"id": 3, "name": "Cid"}\n')
    desk.land("other/2.json", '{"id": 2, "name": "Bea"}\n')
    second = desk.run()
    kept = (desk.rows("archive"), len(desk.rows("other")))
    desk.land("archive/2.json.gz", whole)
    third = desk.run()

    reason = f"error[CBX508] invalid-data: archive: {broken}: the file cannot be read; it is corrupt or incomplete"
    statuses = (first.status, second.status, third.status)
    assert (statuses, second.problems.splitlines()[0], kept, [row[0] for row in desk.rows("archive")]) == (
        (0, 1, 0),
        reason,
        ([(1, "Ann", None)], 2),
        [1, 2, 2, 3],
    )


def test_a_file_that_changes_after_it_was_read_is_reported_and_not_read_again(desk: Desk) -> None:
    """Its rows are not doubled, and the note says under which name to land what is new."""
    notebook(desk, ("orders",))
    path = desk.land("orders/1.json", '{"id": 1, "name": "Ann"}\n{"id": 2, "na')
    desk.run()
    desk.land("orders/1.json", '{"id": 1, "name": "Ann"}\n{"id": 2, "name": "Bea"}\n')
    answer = desk.run()

    note = next((line for line in answer.errors.splitlines() if ": the file was changed" in line), answer.errors)
    assert (answer.status, note.partition(": the file was changed")[0], [row[0] for row in desk.rows("orders")]) == (
        0,
        f"note: {path}",
        [1, None],
    )


def test_a_landing_folder_that_vanishes_is_reported_and_its_rows_stay(desk: Desk) -> None:
    """When it is back with what it held and more, only what is new is read."""
    notebook(desk, ("orders",))
    desk.land("orders/1.json", '{"id": 1, "name": "Ann"}\n')
    desk.run()
    shutil.move(desk.folder / "landing", desk.folder / "elsewhere")
    gone = desk.run()
    kept = desk.rows("orders")
    shutil.move(desk.folder / "elsewhere", desk.folder / "landing")
    desk.land("orders/2.json", '{"id": 2, "name": "Bea"}\n')
    back = desk.run()

    reason = "error[CBX508] invalid-data: orders: landing/orders: the landing folder does not exist"
    actual = (gone.status, gone.problems.splitlines()[0], kept, back.status, desk.rows("orders"))
    assert actual == (1, reason, [(1, "Ann", None)], 0, [(1, "Ann", None), (2, "Bea", None)])


def test_names_that_mean_something_to_spark_are_names(desk: Desk) -> None:
    """Spaces, signs of globs and of URLs in the name of a file are part of the name; hidden files are left alone."""
    notebook(desk, ("orders",))
    for number, name in enumerate(["a b%20ä.json", "[x]{y}*.json", "c+d&#?.json", "_hidden.json", ".hidden.json"]):
        desk.land(f"orders/{name}", json.dumps({"id": number, "name": name}))
    answer = desk.run()

    expected = [(0, "a b%20ä.json", None), (1, "[x]{y}*.json", None), (2, "c+d&#?.json", None)]
    assert (answer.status, desk.rows("orders")) == (0, expected)


def test_an_archive_that_was_emptied_is_no_loss(desk: Desk) -> None:
    """Files that were read may be removed: their rows stay, and the run goes on."""
    notebook(desk, ("orders",))
    first = desk.land("orders/1.json", '{"id": 1, "name": "Ann"}\n')
    desk.run()
    first.unlink()
    empty = desk.run()
    desk.land("orders/2.json", '{"id": 2, "name": "Bea"}\n')
    last = desk.run()

    assert (empty.statuses, last.statuses, desk.rows("orders")) == (
        {"orders": "unchanged"},
        {"orders": "completed"},
        [(1, "Ann", None), (2, "Bea", None)],
    )


def test_what_cannot_be_a_landing_file_is_said_or_passed_over(desk: Desk) -> None:
    """A link to nowhere holds no rows; a colon in a name is more than Spark can read on a local disk."""
    notebook(desk, ("links", "colons"))
    desk.land("links/1.json", '{"id": 1, "name": "Ann"}\n')
    (desk.folder / "landing/links/2.json").symlink_to("/nowhere/2.json")
    colon = desk.land("colons/10:30.json", '{"id": 1, "name": "Ann"}\n')
    answer = desk.run()

    reason = f"error[CBX508] invalid-data: colons: {colon}: Spark cannot read a local file with a colon in its name"
    assert (answer.status, answer.problems.splitlines()[0], desk.rows("links")) == (1, reason, [(1, "Ann", None)])
