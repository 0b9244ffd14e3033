"""What has changed since a materialized view was refreshed: nothing, new rows only, or more."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cbx.runtime.refresh_rules.query_description import (
    InputChanges,
    InputFile,
    Obstacle,
    QueryDescription,
    Rewrite,
    describe_files,
    find_changes,
    table_folder,
)

ROOT = "/state/tables/silver/orders/v1"
OLD = InputFile(f"{ROOT}/000001/flow.000000/part-0.parquet", 10, 1)
LATER = InputFile(f"{ROOT}/000004/flow.000000/part-0.parquet", 10, 2)
NEW = InputFile(f"{ROOT}/000005/flow.000000/part-0.parquet", 10, 3)
BEFORE = QueryDescription("hash", {ROOT: [OLD, LATER]}).document()


def changes(files: Sequence[InputFile], root: str = ROOT, definition: str = "hash") -> object:
    found = find_changes(BEFORE, QueryDescription(definition, {root: files}))
    return found.issue if isinstance(found, Obstacle) else found.added


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([OLD, LATER], {}),
        ([LATER, OLD], {}),
        ([OLD, LATER, NEW], {ROOT: [NEW]}),
        ([LATER, NEW], "DATA_HAS_CHANGED"),
        ([], "DATA_HAS_CHANGED"),
        ([OLD._replace(size=11), LATER], "DATA_HAS_CHANGED"),
        ([OLD, LATER._replace(modified=9), NEW], "DATA_HAS_CHANGED"),
        ([OLD, LATER, OLD._replace(path=f"{ROOT}/000002/flow.000000/part-0.parquet")], "DATA_HAS_CHANGED"),
        ([OLD, LATER, InputFile(f"{ROOT}/part-0.parquet", 10, 3)], "DATA_HAS_CHANGED"),
        ([OLD, LATER, InputFile("/elsewhere/000009/part-0.parquet", 10, 3)], "DATA_HAS_CHANGED"),
    ],
)
def test_only_files_of_later_updates_are_new_rows(files: Sequence[InputFile], expected: object) -> None:
    assert changes(files) == expected


def test_another_version_or_query_is_more_than_new_rows() -> None:
    """The reason names the table, not its folder."""
    other = f"{table_folder(ROOT)}/v2"
    found = find_changes(BEFORE, QueryDescription("hash", {other: [OLD]}))

    assert found == Obstacle("`silver.orders` has changed in more than new rows", "DATA_HAS_CHANGED")
    assert changes([OLD, LATER], definition="other") == "QUERY_FINGERPRINT_CHANGED"
    assert find_changes(None, QueryDescription("hash")) == Obstacle(
        "what it read at its last refresh is not known", "PRIOR_TIMESTAMP_MISSING"
    )


def test_a_file_may_be_what_is_read() -> None:
    """Then it has not grown, but changed."""
    before = QueryDescription("hash", {"/landing/a.csv": [InputFile("/landing/a.csv", 1, 1)]}).document()
    now = QueryDescription("hash", {"/landing/a.csv": [InputFile("/landing/a.csv", 2, 2)]})

    assert find_changes(before, now) == Obstacle(
        "`/landing/a.csv` has changed in more than new rows", "DATA_HAS_CHANGED"
    )


SECOND = f"{table_folder(ROOT)}/v5"
LINKED = InputFile(f"{SECOND}/000004/flow.000000/part-0.parquet", 10, 2)
AGAIN = InputFile(f"{SECOND}/rows-000005/part-0.parquet", 12, 4)
GONE = InputFile(f"{table_folder(ROOT)}/_rewrite-v5/00000.parquet", 10, 1)
REWRITE = Rewrite(
    ROOT, describe_files(ROOT, [OLD, LATER]), describe_files(SECOND, [LINKED, AGAIN]), removed=[GONE], added=[AGAIN]
)
AFTER = InputFile(f"{SECOND}/000006/part-0.parquet", 10, 5)


@pytest.mark.parametrize(
    ("files", "rewrite", "expected"),
    [
        ([LINKED, AGAIN], REWRITE, InputChanges({SECOND: [AGAIN]}, {SECOND: [GONE]})),
        ([LINKED, AGAIN, AFTER], REWRITE, InputChanges({SECOND: [AFTER, AGAIN]}, {SECOND: [GONE]})),
        ([LINKED, AGAIN], REWRITE._replace(removed=[]), InputChanges({SECOND: [AGAIN]}, {})),
        ([LINKED], REWRITE, None),
        ([LINKED, AGAIN._replace(size=13)], REWRITE, None),
        ([LINKED, AGAIN], REWRITE._replace(before=describe_files(ROOT, [OLD])), None),
        ([LINKED, AGAIN], REWRITE._replace(folder=f"{table_folder(ROOT)}/v0"), None),
        ([LINKED, AGAIN], None, None),
    ],
)
def test_a_table_of_which_some_files_were_written_again_tells_which(
    files: Sequence[InputFile], rewrite: Rewrite | None, expected: InputChanges | None
) -> None:
    """Only for readers of the version before; whatever does not fit together is more than that."""
    rewrites = {} if rewrite is None else {SECOND: rewrite}
    found = find_changes(BEFORE, QueryDescription("hash", {SECOND: files}, rewrites=rewrites))
    unknown = Obstacle("`silver.orders` has changed in more than new rows", "DATA_HAS_CHANGED")

    assert found == (unknown if expected is None else expected)
