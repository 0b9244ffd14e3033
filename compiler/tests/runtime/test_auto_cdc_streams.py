"""Random change streams, cut into random updates in random order, against `cdc_reference`.

A stream is the changes of three keys of one target. Many streams go through one call of
`merge_changes`, told apart by a key column, since a Spark job costs more than the changes in it. Each combination
of options gets its share of the streams; the default run takes a sample of the combinations, and
`CBX_CDC_STREAMS=2000` all of them. `CBX_CDC_SEED` draws others.

These mutants were tried, and each of them is found by the combinations that it concerns (type 1 and type 2):

- the oldest event wins; a delete sorts before an upsert; ties by arrival; ties by the names in reverse; tied
  events all stay;
- no tombstones; events that do not show are forgotten; a truncate is forgotten, spares its own sequence, or
  spares the values under ignored NULLs;
- a run goes on over a delete, starts at its last event, or shows every event; the listed columns are not
  heeded; the excepted columns are tracked;
- a NULL overwrites; a NULL field overwrites; all flows ignore NULLs; all columns do; the state keeps no leaves;
  the oldest value given wins; a delete forgets nothing, or not what has its own sequence, or only until the next
  update; a column that came late was NULL before.
"""

import os
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses

from cbx.runtime.auto_cdc import AllBut, CdcSpec, merge_changes, observe_counts, target_rows
from cbx.runtime.spark.configuration import settings
from compiler.tests.runtime.cdc_reference import Change, type_1, type_2

STREAMS = int(os.environ.get("CBX_CDC_STREAMS", "52"))
SEED = int(os.environ.get("CBX_CDC_SEED", "20"))
STREAMS_AT_ONCE = 13
BATCHES = 3
KEYS = ("stream", "id")
SOURCE = ("stream", "id", "a", "b", "s", "operation", "major", "minor")
SCHEMA = (
    "batch INT, flow INT, stream INT, id INT, a INT, b STRING, s STRUCT<x: INT, y: STRING>, "
    "operation STRING, major INT, minor INT"
)

Drawn = dict[str, Any]
Target = dict[int, list[str]]


@dataclass(frozen=True)
class Options:
    """One combination of a flow's arguments; several `ignored` are several flows into one target."""

    scd_type: int
    deletes: bool
    truncates: bool
    ignored: tuple[bool | tuple[str, ...] | AllBut, ...]
    columns: str
    tracked: str
    has_struct_sequence: bool
    b_comes_late: bool

    @property
    def values(self) -> frozenset[str]:
        return frozenset({"all": SOURCE[2:], "list": ("a", "s"), "except": ("a", "b", "s")}[self.columns])

    @property
    def tracked_values(self) -> frozenset[str]:
        only = frozenset({"a"})
        return {"all": self.values, "list": only, "except": self.values - only}[self.tracked]

    def ignored_values(self, flow: int) -> frozenset[str]:
        named = self.ignored[flow]
        if isinstance(named, bool):
            return self.values if named else frozenset()
        if isinstance(named, AllBut):
            return self.values - frozenset(named.names)
        return frozenset(named)

    def spec(self, flow: int) -> CdcSpec:
        return CdcSpec(
            target="silver.target",
            keys=KEYS,
            sequence_by=F.struct("major", "minor") if self.has_struct_sequence else F.col("major"),
            scd_type=self.scd_type,
            apply_as_deletes=F.expr("operation = 'DELETE'") if self.deletes else None,
            apply_as_truncates=F.expr("operation = 'TRUNCATE'") if self.truncates else None,
            ignore_null_updates=self.ignored[flow],
            column_list=("stream", "id", "a", "s") if self.columns == "list" else None,
            except_column_list=("operation", "major", "minor") if self.columns == "except" else None,
            track_history_column_list=("a",) if self.tracked == "list" else None,
            track_history_except_column_list=("a",) if self.tracked == "except" else None,
        )


def every_combination(rng: random.Random) -> list[Options]:
    """All combinations of the options that meet in one place of the code; the others are drawn."""
    ignored: list[tuple[Any, ...]] = [
        (False,),
        (True,),
        (("a", "s"),),
        (AllBut(("a",)),),
        (False, True),
        (True, ("a", "s")),
    ]
    found = []
    for deletes, nulls, columns in product([True, False], ignored, ["all", "list", "except"]):
        found += [(1, deletes, truncates, nulls, columns, "all") for truncates in (False, True)]
        found += [(2, deletes, False, nulls, columns, tracked) for tracked in ("all", "list", "except")]
    rng.shuffle(found)
    return [Options(*each, rng.random() < 0.4, len(each[3]) == 1 and rng.random() < 0.5) for each in found]


def most_various_first(found: list[Options]) -> list[Options]:
    """Order the combinations so that the first few already contain every pair of values of two options."""
    rest = [(options, pairs(options)) for options in found]
    seen: set[Any] = set()
    ordered = []
    while rest:
        best = max(rest, key=lambda entry: len(entry[1] - seen))
        rest.remove(best)
        seen |= best[1]
        ordered.append(best[0])
    return ordered


def pairs(options: Options) -> set[Any]:
    return set(combinations(enumerate(astuple(options)), 2))


def drawn_changes(rng: random.Random, options: Options, streams: Iterable[int]) -> list[Drawn]:
    """Draw the rows of all streams, each with the batch that it arrives in; some arrive twice.

    Sequences tie often. Not so where several flows differ in the NULLs that they ignore, since what wins then
    depends on the flow.
    """
    rows = []
    for stream in streams:
        count = rng.randint(1, 10)
        majors = [rng.randint(0, 6) for _ in range(count)]
        if len(options.ignored) > 1:
            majors = rng.sample(range(0, 24, 2), count)
        rows += [drawn_change(rng, stream, major, len(options.ignored)) for major in majors]
    if options.truncates:
        majors = rng.sample([1, 3, 5], rng.randint(0, 2))
        rows += [{**drawn_change(rng, None, major, 1), "operation": "TRUNCATE"} for major in majors]
    rows += [{**row, "batch": rng.randrange(BATCHES)} for row in rows if rng.random() < 0.15]
    if options.b_comes_late:
        identity = ("flow", "stream", "id", "major", "minor")
        early = {tuple(row[name] for name in identity) for row in rows if row["batch"] == 0}
        rows = [{**row, "b": None} if tuple(row[name] for name in identity) in early else row for row in rows]
    rng.shuffle(rows)
    return rows


def drawn_change(rng: random.Random, stream: int | None, major: int, flows: int) -> Drawn:
    struct = {"x": rng.choice([None, 1, 2]), "y": rng.choice([None, "p", "q"])}
    return {
        "batch": rng.randrange(BATCHES),
        "flow": rng.randrange(flows),
        "stream": stream,
        "id": None if stream is None else rng.choice([0, 1, 1, 1, 2]),
        "a": rng.choice([None, 1, 2]),
        "b": rng.choice([None, "m", "n"]),
        "s": rng.choice([None, struct, struct]),
        "operation": "DELETE" if rng.random() < 0.25 else "UPSERT",
        "major": major,
        "minor": rng.randint(0, 1),
    }


def expected_target(options: Options, rows: list[Drawn]) -> Target:
    changes = [
        Change(
            key=(row["stream"], row["id"]),
            sequence=(row["major"], row["minor"]) if options.has_struct_sequence else row["major"],
            values={name: row[name] for name in options.values},
            is_delete=options.deletes and row["operation"] == "DELETE",
            is_truncate=row["operation"] == "TRUNCATE",
            ignored=options.ignored_values(row["flow"]),
        )
        for row in rows
    ]
    if options.scd_type == 1:
        return by_stream((*key, in_order(values)) for key, values in type_1(changes).items())
    target = type_2(changes, set(options.tracked_values))
    return by_stream((*key, in_order(values), start, end) for key, values, start, end in target)


def actual_target(options: Options, state: DataFrame) -> Target:
    found = []
    for row in target_rows(state, options.spec(0)).collect():
        values = row.asDict(recursive=True)
        bounds = [values[name] for name in ("__START_AT", "__END_AT") if name in values]
        bounds = [tuple(each.values()) if isinstance(each, dict) else each for each in bounds]
        shown = in_order({name: values.get(name) for name in options.values})
        found.append((row.stream, row.id, shown, *bounds))
    return by_stream(found)


def in_order(values: Drawn) -> list[tuple[str, Any]]:
    return sorted(values.items())


def by_stream(rows: Iterable[tuple[Any, ...]]) -> Target:
    target: Target = defaultdict(list)
    for stream, *row in rows:
        target[stream].append(repr(row))
    return {stream: sorted(found) for stream, found in target.items()}


def merge_flows(
    state: DataFrame | None,
    changes: DataFrame,
    options: Options,
    counts: Observation | None = None,
) -> DataFrame:
    """Merge what arrived of each flow."""
    for flow in range(len(options.ignored)):
        last = flow == len(options.ignored) - 1
        part = changes.filter(F.col("flow") == flow).drop("flow", "batch")
        count = observe_counts(counts) if last and counts is not None else None
        state = merge_changes(state, part, options.spec(flow), count)
    assert state is not None
    return state


def first_difference(options: Options, rows: list[Drawn], expected: list[Target], actual: list[Target]) -> str:
    """Return what one needs to see of the first stream that went wrong."""
    for batch, targets in enumerate(zip(expected, actual, strict=True)):
        for stream in range(STREAMS_AT_ONCE):
            wanted, got = (target.get(stream, []) for target in targets)
            if wanted != got:
                own = [row for row in rows if row["batch"] <= batch and row["stream"] in (stream, None)]
                lines = ["", repr(options), "changes:", *map(repr, own), "expected:", *wanted, "actual:", *got]
                return "\n".join(lines)
    return ""


def store_and_read(state: DataFrame, folder: Path) -> DataFrame:
    state.write.parquet(str(folder))
    return state.sparkSession.read.schema(state.schema).parquet(str(folder))


COMBINATIONS = most_various_first(every_combination(random.Random(SEED)))[: max(1, STREAMS // STREAMS_AT_ONCE)]


@pytest.fixture(scope="module")
def two_partitions(spark: SparkSession) -> Iterator[SparkSession]:
    """Spark that merges changes in several tasks."""
    with settings(spark, {"spark.sql.shuffle.partitions": "2"}):
        yield spark


@pytest.mark.parametrize("number", range(len(COMBINATIONS)))
def test_any_cut_of_any_stream_gives_what_all_its_changes_give(
    two_partitions: SparkSession, tmp_path: Path, number: int
) -> None:
    """After every batch the target is what the reference makes of the changes that arrived so far."""
    rng = random.Random(f"{SEED} {number}")
    options = COMBINATIONS[number]
    rows = drawn_changes(rng, options, range(STREAMS_AT_ONCE))
    changes = two_partitions.createDataFrame([tuple(row.values()) for row in rows], SCHEMA)

    state = None
    expected: list[Target] = []
    actual: list[Target] = []
    for batch in range(BATCHES):
        arrived = changes.filter(F.col("batch") == batch)
        arrived = arrived.drop("b") if options.b_comes_late and batch == 0 else arrived
        state = store_and_read(merge_flows(state, arrived, options), tmp_path / str(batch))
        expected.append(expected_target(options, [row for row in rows if row["batch"] <= batch]))
        actual.append(actual_target(options, state))

    assert expected == actual, first_difference(options, rows, expected, actual)
