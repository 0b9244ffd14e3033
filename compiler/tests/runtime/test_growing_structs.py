"""A struct that gets a field more is evolution, not another type, wherever columns may be added."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyspark.sql.types import ArrayType, MapType, NullType, StringType, StructType

from cbx.runtime.nested_types import fit, unknown_fields, widen
from cbx.runtime.tables.arrow_structs import clear_null_structs
from compiler.tests.runtime.pipelines import problems

if TYPE_CHECKING:
    from compiler.tests.runtime.landing import Loader
    from compiler.tests.runtime.pipelines import Pipeline


LOADER = """
    import dlt

    @dlt.{kind}
    def feed():
        return (spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
                .option("cloudFiles.inferColumnTypes", "true").load("landing"))
"""
FEEDS = {
    "loader": LOADER.format(kind="table(name='t')"),
    "append": LOADER.format(kind="view")
    + """
    dlt.create_streaming_table("t")

    @dlt.append_flow(target="t")
    def rows():
        return spark.readStream.table("feed")
    """,
    "changes": LOADER.format(kind="view")
    + """
    dlt.create_streaming_table("t")
    dlt.apply_changes(target="t", source="feed", keys=["id"], sequence_by="n", ignore_null_updates=True)
    """,
    "history": LOADER.format(kind="view")
    + """
    dlt.create_streaming_table("t")
    dlt.apply_changes(target="t", source="feed", keys=["id"], sequence_by="n", stored_as_scd_type=2)
    """,
}
ON_SPARK = pytest.param("changes", marks=pytest.mark.needs_spark("flows with ignore_null_updates"))
WAYS = [ON_SPARK if way == "changes" else way for way in FEEDS]
DAYS = (
    '{"id": 1, "n": 1, "box": {"Width": 1, "lid": {"red": true}}, "parts": [{"p": 1}]}',
    '{"id": 2, "n": 2, "box": {"height": "x", "lid": {"blue": 5,"red": null},"width": 2},"parts": [{"q": 2.5,"p": 1}]}',
    '{"id": 3, "n": 3, "box": {"width": 3}, "parts": []}',
)


@pytest.mark.parametrize("way", WAYS)
def test_a_struct_grows(pipeline: Pipeline, way: str) -> None:
    """New fields come at the end of their struct, in arrays too; what is older, or comes without them, has NULL."""
    pipeline.notebook(FEEDS[way])
    for number, text in enumerate(DAYS):
        pipeline.land(f"{number}.json", text.replace("Width", "width"))
        pipeline.succeed()
    columns = pipeline.columns("t")
    rows = [dict(zip(columns, row, strict=True)) for row in pipeline.rows("t")]
    found = {row["id"]: (row["box"], row["parts"]) for row in rows}

    assert found == {
        1: ({"lid": {"red": True, "blue": None}, "width": 1, "height": None}, [{"p": 1, "q": None}]),
        2: ({"lid": {"red": None, "blue": 5}, "width": 2, "height": "x"}, [{"p": 1, "q": 2.5}]),
        3: ({"lid": None, "width": 3, "height": None}, []),
    }


def test_a_struct_grows_between_two_snapshots(pipeline: Pipeline) -> None:
    """Rows that are otherwise the same are no change."""
    text = """
        import dlt

        @dlt.view
        def whole():
            return spark.sql("SELECT * FROM VALUES {} AS t(id, s)")

        dlt.create_streaming_table("t")
        dlt.apply_changes_from_snapshot(target="t", source="whole", keys=["id"], stored_as_scd_type=2)
    """
    pipeline.notebook(text.format("(1, named_struct('a', 1)), (2, named_struct('a', 2))"))
    pipeline.succeed()
    pipeline.notebook(text.format("(1, named_struct('B', 'x', 'A', 1)), (2, named_struct('B', null, 'A', 2))"))
    pipeline.succeed()
    rows = [row[:2] for row in pipeline.rows("t")]

    assert sorted(rows, key=repr) == [
        (1, {"a": 1, "B": "x"}),
        (1, {"a": 1, "B": None}),
        (2, {"a": 2, "B": None}),
    ]


def test_other_orders_and_cases_of_fields_are_the_same_fields(pipeline: Pipeline) -> None:
    """In maps too, and read back from files that were written in another order."""
    text = """
        import dlt

        @dlt.table
        def t():
            return spark.readStream.schema("id int, v string").json("landing").selectExpr("id", "{} AS s", "{} AS m")
    """
    shapes = (
        ("named_struct('a', id, 'b', v)", "map('k', named_struct('a', id))"),
        ("named_struct('B', v, 'A', id)", "map('k', named_struct('c', v, 'A', id))"),
    )
    for number, shape in enumerate(shapes):
        pipeline.notebook(text.format(*shape))
        pipeline.land(f"{number}.json", f'{{"id": {number}, "v": "v{number}"}}')
        pipeline.succeed()

    assert pipeline.rows("t") == [
        (0, {"a": 0, "b": "v0"}, [("k", {"a": 0, "c": None})]),
        (1, {"a": 1, "b": "v1"}, [("k", {"a": 1, "c": "v1"})]),
    ]


@pytest.mark.parametrize("mode", ["addNewColumns", "rescue", "none"])
def test_structs_of_parquet_files_grow(loader: Loader, mode: str) -> None:
    """Where columns may be added; else a value loses its new fields, and is rescued whole if anything is."""
    options = {"cloudFiles.format": "parquet", "cloudFiles.schemaEvolutionMode": mode}
    shapes = (
        ("struct(1 AS a)", "map('k', struct(1 AS a))"),
        ("struct('x' AS b, 2 AS A)", "map('k', struct(2 AS A, 3 AS c))"),
    )
    rows = []
    for number, (box, boxes) in enumerate(shapes):
        frame = loader.session.sql(f"SELECT {number} AS id, {box} AS box, array({box}) AS list, {boxes} AS map")
        frame.write.parquet(str(loader.landing / str(number)))
        rows += loader.update(options)
    rescued = [json.loads(row.pop("_rescued_data") or "{}") for row in rows]
    added = {"b": "x"} if mode == "addNewColumns" else {}
    last = {"c": 3} if mode == "addNewColumns" else {}

    assert rows == [
        {"id": 0, "box": {"a": 1}, "list": [{"a": 1}], "map": {"k": {"a": 1}}},
        {"id": 1, "box": {"a": 2, **added}, "list": [{"a": 2, **added}], "map": {"k": {"a": 2, **last}}},
    ]
    assert [sorted(found) for found in rescued] == [
        [],
        ["_file_path", "box", "list", "map"] if mode == "rescue" else [],
    ]


@pytest.mark.parametrize("way", ["append", ON_SPARK])
def test_another_type_is_no_evolution(pipeline: Pipeline, way: str) -> None:
    """A field that was a number and is a text is refused as before."""
    pipeline.land("0.json", '{"id": 1, "n": 1}')
    feeds = FEEDS[way].replace(
        '.load("landing")', '.load("landing").selectExpr("id", "n", "named_struct(\'a\', VALUE) AS s")'
    )
    pipeline.notebook(feeds.replace("VALUE", "1"))
    pipeline.succeed()
    pipeline.notebook(feeds.replace("VALUE", "'1'"))
    pipeline.land("1.json", '{"id": 2, "n": 2}')
    (problem,) = problems(pipeline.run())

    assert problem.message.replace(" of `t`", "") == "the column `s` was struct<a:int> and is now struct<a:string>"


def struct(ddl: str) -> StructType:
    return StructType([*StructType.fromDDL(ddl)])  # type: ignore[misc] # its stub says DataType


@pytest.mark.parametrize(
    ("known", "incoming", "expected"),
    [
        ("a INT", "b INT, A INT", "a INT, b INT"),
        ("a ARRAY<STRUCT<x: INT>>", "a ARRAY<STRUCT<y: INT, X: INT>>", "a ARRAY<STRUCT<x: INT, y: INT>>"),
        ("a MAP<STRING, STRUCT<x: INT>>", "a MAP<STRING, STRUCT<y: INT>>", "a MAP<STRING, STRUCT<x: INT, y: INT>>"),
        ("a STRUCT<b: VOID>", "a STRUCT<b: INT>", "a STRUCT<b: INT>"),
        ("a STRUCT<b: INT>", "a STRUCT<b: VOID>", "a STRUCT<b: INT>"),
        ("a STRUCT<b: INT>", "a STRUCT<b: BIGINT>", None),
        ("a STRUCT<b: INT>", "a ARRAY<INT>", None),
    ],
)
@pytest.mark.usefixtures("spark")
def test_one_type_for_both(known: str, incoming: str, expected: str | None) -> None:
    """New fields come last, known ones keep their spelling and place."""
    kind = widen(struct(known), struct(incoming))

    assert kind == (None if expected is None else struct(expected))


@pytest.mark.usefixtures("spark")
def test_fields_without_a_place_are_named() -> None:
    """With the way to each."""
    source = struct("a STRUCT<x: INT, y: ARRAY<STRUCT<z: INT>>>, m MAP<STRING, STRUCT<k: INT>>")
    target = struct("a STRUCT<y: ARRAY<STRUCT<Q: INT>>>, m MAP<STRING, STRUCT<K: INT>>")

    assert unknown_fields(source, target, "row") == ["row.a.x", "row.a.y.element.z"]


def test_the_same_type_is_left_alone() -> None:
    """No work for what fits."""
    for kind in (ArrayType(StringType()), MapType(StringType(), StringType()), NullType()):
        column = object()

        assert fit(column, kind, kind) is column  # type: ignore[arg-type] # any value


def test_the_fields_of_a_null_struct_are_null() -> None:
    """Sail reads a field without asking whether its struct is NULL, and Arrow fills such fields with zeros."""
    kind = pa.struct([("a", pa.int64()), ("b", pa.list_(pa.struct([("c", pa.string())])))])
    rows = pa.table({"s": pa.array([None, {"a": 1, "b": [None, {"c": "x"}]}], kind)})

    cleared = clear_null_structs(rows)

    assert cleared.equals(rows)
    assert cleared["s"].chunk(0).field("a").to_pylist() == [None, 1]
    assert cleared["s"].chunk(0).field("b").values.field("c").to_pylist() == [None, "x"]
