"""Pairs of manifests: equal ones have an empty plan, every difference is named, and verdicts are the table's."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import MUTATIONS, Model, Mutation, State, as_deployed, base, rows, streaming, table

from cbx.changes.change_plan import WEIGHTS, ChangePlan, Deployed, ModelChange, heaviest
from cbx.changes.column_types import is_widening, normalise_type
from cbx.changes.compare import compare_manifests
from cbx.changes.plan_document import as_document
from cbx.changes.plan_text import as_lines, as_markdown

ROOT = Path(__file__).parents[3]
MANIFESTS = [ROOT / "target" / "manifest.json", ROOT / "compiler/tests/golden/parcels/target/manifest.json"]
TABLE = rows()
ENTRIES: dict[str, Model] = base()[0]["models"]
MODELS = sorted(ENTRIES)
FITTING = [(mutation, name) for mutation in MUTATIONS for name in MODELS if mutation.fits(ENTRIES[name])]


def mutate(mutation: Mutation, name: str) -> tuple[State, State]:
    before, after = base(), base()
    mutation.make(before, after, name)
    return before, after


def change_of(plan: ChangePlan, name: str) -> ModelChange:
    return next(change for change in plan.models if change.model == name)


def reads_from_outside(model: Model, models: dict[str, Model]) -> bool:
    """Whether a full refresh reads what may no longer be there, also through views."""
    kept = (model["cdc"] or {}).get("scd_type") == 2
    read = [source for source in model["inputs"] if source["mode"] == "stream" or (kept and "version" in source)]
    views = [models[source["model"]] for source in read if models.get(source.get("model"), {}).get("kind") == "view"]
    return any("model" not in source for source in read) or any(reads_from_outside(view, models) for view in views)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.parents[1].name)
def test_equal_manifests_have_an_empty_plan(path: Path) -> None:
    """The second deployment has nothing to do."""
    manifest = json.loads(path.read_text(encoding="utf-8"))
    plan = compare_manifests(Deployed(manifest, {"schema": "a"}), Deployed(copy.deepcopy(manifest), {"schema": "a"}))

    assert plan.is_empty
    assert as_document(plan, "shop", "prod")["up_to_date"]


def test_every_row_of_the_table_is_tried() -> None:
    """A row that nothing tries is a promise that nobody keeps."""
    expected = set(TABLE)
    actual = {mutation.row for mutation, _ in FITTING}

    assert expected == actual


@pytest.mark.parametrize(("mutation", "name"), FITTING, ids=lambda value: getattr(value, "row", value))
def test_a_verdict_is_that_of_the_table(mutation: Mutation, name: str) -> None:
    """The page promises what an update needs; the plan says the same, names the difference, and says when rows go."""
    before, after = mutate(mutation, name)
    model = {**before[0]["models"], **after[0]["models"]}[name]
    on_streams, on_others, lost = TABLE[mutation.row]
    change = change_of(compare_manifests(as_deployed(before), as_deployed(after)), name)
    becomes = after[0]["models"].get(name, model)
    verdict = on_streams if streaming(model) and (streaming(becomes) or mutation.aspect == "kind") else on_others
    outside = streaming(becomes) and reads_from_outside(becomes, after[0]["models"])
    is_lost = (lost == "yes" or (lost.startswith("yes, except for a view") and table(before[0]["models"][name]))) or (
        verdict == "full_refresh" and outside
    )

    assert verdict == change.refresh
    assert mutation.aspect in {difference.aspect for difference in change.differences}
    assert is_lost == change.is_destructive


@given(st.lists(st.sampled_from(FITTING), max_size=4, unique_by=lambda pair: (pair[1], pair[0].aspect)))
@settings(max_examples=150, deadline=None)
def test_all_of_several_differences_are_named(chosen: list[tuple[Mutation, str]]) -> None:
    """A plan hides no difference behind another, and asks for as much as the heaviest of them."""
    edits = [(mutation, name) for mutation, name in chosen if mutation.aspect != "model"]
    before, after = base(), base()
    applied = []
    for mutation, name in edits:
        model = after[0]["models"][name]
        if mutation.fits(model) and mutation.fits(before[0]["models"][name]):
            mutation.make(before, after, name)
            applied.append((mutation, name))
    plan = compare_manifests(as_deployed(before), as_deployed(after))
    named = {(change.model, difference.aspect) for change in plan.models for difference in change.differences}
    lines = "\n".join(as_lines(plan))
    differing = {name for name, model in after[0]["models"].items() if model != before[0]["models"][name]}

    assert plan.is_empty == (not differing and before[1] == after[1])
    assert differing <= {change.model for change in plan.models}
    assert {name for name, _ in named} == {change.model for change in plan.models}
    assert all(change.model in lines for change in plan.models)
    assert all(change.refresh == heaviest(other.refresh for other in change.differences) for change in plan.models)
    assert not compare_manifests(as_deployed(before), as_deployed(before)).models


@given(st.sets(st.sampled_from(MODELS)), st.sets(st.sampled_from(MODELS)))
@settings(max_examples=50, deadline=None)
def test_models_that_come_and_go_are_named(first: set[str], second: set[str]) -> None:
    """Whatever is in one manifest and not in the other; what both have is as it was."""
    before, after = base(), base()
    before[0]["models"] = {name: model for name, model in before[0]["models"].items() if name in first}
    after[0]["models"] = {name: model for name, model in after[0]["models"].items() if name in second}
    plan = compare_manifests(as_deployed(before), as_deployed(after))
    expected = {**dict.fromkeys(second - first, "add"), **dict.fromkeys(first - second, "remove")}

    assert expected == {change.model: change.action for change in plan.models}


def test_a_manifest_of_an_earlier_version_is_understood() -> None:
    """What it does not say yet is no difference; what it says is compared."""
    before, after = base(), base()
    for model in before[0]["models"].values():
        del model["code_hash"]
        model["cdc"] = model["cdc"] and {name: model["cdc"][name] for name in ("sequence_by", "scd_type")}
        for source in model["inputs"]:
            source.pop("options", None)
            source.pop("schema_hints", None)
    after[0]["models"]["silver.history"]["cdc"]["scd_type"] = 1
    plan = compare_manifests(as_deployed(before), as_deployed(after))

    assert [(change.model, change.refresh) for change in plan.models] == [("silver.history", "full_refresh")]


def test_a_history_of_a_table_is_lost_by_a_full_refresh() -> None:
    """A snapshot of now has no earlier versions; one that was read from a folder may still be there."""
    before, after = base(), base()
    for manifest, _ in (before, after):
        manifest["models"]["silver.merchants"]["inputs"] = [{"table": "raw.merchants", "mode": "batch"}]
    after[0]["models"]["silver.merchants"]["key"] = ["at"]
    change = change_of(compare_manifests(as_deployed(before), as_deployed(after)), "silver.merchants")

    assert change.refresh == "full_refresh"
    assert [difference.detail for difference in change.differences if difference.is_destructive] == [
        "starts the history again"
    ]


def leaves(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path


PLACES = {"source_hash", "artifact", "path", "language", "name", "layer"}
"""Fields of a model that say where it stands, not what is deployed."""

INFERRED = {"lineage", "computed", "home", "repeated", "measure", "measures"}
"""Fields that only people and other tools read."""


def paths() -> list[tuple[object, ...]]:
    """The fields whose values decide what is deployed, but for empty lists and what the models say as well."""
    manifest = base()[0]
    found = [path for name in ("models", "checks", "project") for path in leaves(manifest[name], (name,))]
    inferred = [path for path in found if INFERRED & set(path) or (len(path) == 3 and path[2] in PLACES)]
    return [path for path in found if path not in inferred and at(manifest, path) not in ([], {}, None)]


def at(value: object, path: tuple[object, ...]) -> object:
    for key in path:
        value = value[key]  # type: ignore[index] # a list or an object
    return value


@pytest.mark.parametrize("path", paths(), ids=lambda path: ".".join(map(str, path)))
def test_no_field_of_a_manifest_changes_unnoticed(path: tuple[object, ...]) -> None:
    """Each value of the manifest in turn becomes another: the plan is no longer empty."""
    before, after = base(), base()
    value, place = at(after[0], path), at(after[0], path[:-1])
    others = {
        "kind": "view" if value != "view" else "materialized_view",
        "mode": "batch" if value == "stream" else "stream",
    }
    place[path[-1]] = others.get(str(path[-1]), not value if isinstance(value, bool) else "another")  # type: ignore[index]

    assert not compare_manifests(as_deployed(before), as_deployed(after)).is_empty


def test_where_columns_are_at_home_changes_nothing_that_is_deployed() -> None:
    """Nor do verdicts on aggregates: a new declaration upstream may change them, and no table."""
    before, after = base(), base()
    for model in before[0]["models"].values():
        del model["measures"]
        for column in model["columns"]:
            for name in ("home", "repeated", "measure"):
                column.pop(name, None)

    assert compare_manifests(as_deployed(before), as_deployed(after)).is_empty


@pytest.mark.parametrize(
    ("changes", "detail"),
    [({}, "1 row with other values or types"), ({"row_count": 3}, "1 -> 3 rows")],
    ids=["other rows", "more rows"],
)
def test_rows_of_a_seed_are_counted(changes: dict[str, int], detail: str) -> None:
    """As many rows as before may have the same values with other types."""
    before, after = base(), base()
    after[0]["models"]["silver.currencies"] |= {"code_hash": "another", **changes}
    change = change_of(compare_manifests(as_deployed(before), as_deployed(after)), "silver.currencies")

    assert [difference.detail for difference in change.differences] == [detail]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("TIMESTAMP", "TIMESTAMP_LTZ"),
        ("ARRAY<INTEGER>", "array<int>"),
        ("STRUCT<long: LONG, price: DECIMAL(5)>", "STRUCT<long:BIGINT,price:NUMERIC(5,0)>"),
        ("MAP<STRING, DEC>", "MAP<STRING, DECIMAL(10, 0)>"),
    ],
    ids=str,
)
def test_one_type_has_several_names(before: str, after: str) -> None:
    """Another spelling asks for nothing."""
    assert normalise_type(before) == normalise_type(after)
    assert normalise_type("STRUCT<long: INT>") != normalise_type("STRUCT<bigint: INT>")


def test_another_spelling_of_a_column_keeps_its_rows() -> None:
    """Spark and Delta find a column in whatever case its name is."""
    before, after = base(), base()
    after[0]["models"]["silver.orders"]["columns"][0]["name"] = "ID"
    (difference,) = change_of(compare_manifests(as_deployed(before), as_deployed(after)), "silver.orders").differences

    assert (difference.detail, difference.refresh) == ("`id` is spelled `ID` now", "incremental")


def test_columns_that_are_declared_at_last_may_refuse_null() -> None:
    """The table had no schema before, and may have rows with NULL."""
    before, after = base(), base()
    before[0]["models"]["bronze.orders"] |= {"columns": [], "key": ["id"]}
    after[0]["models"]["bronze.orders"]["key"] = ["id"]

    assert "bronze.orders" in compare_manifests(as_deployed(before), as_deployed(after)).full_refresh


def move_and_change(name: str, **changes: object) -> str | None:
    """The reason that a plan gives for a move to another pipeline."""
    before, after = base(), base()
    after[0]["models"][name] |= {"pipeline": "serve", **changes}
    change = change_of(compare_manifests(as_deployed(before), as_deployed(after)), name)
    return next(difference.reason for difference in change.differences if difference.aspect == "pipeline")


def test_a_table_that_moves_takes_its_quarantined_rows_along() -> None:
    """Both tables belong to the pipeline."""
    reason = move_and_change("silver.orders") or ""

    assert "`ALTER STREAMING TABLE silver.orders SET" in reason
    assert "`ALTER STREAMING TABLE silver.orders_quarantine SET" in reason


@pytest.mark.parametrize("change", [{"kind": "materialized_view"}, {"dataset": "silver.others"}], ids=str)
def test_a_table_that_is_created_again_moves_no_rows(change: dict[str, str]) -> None:
    """The statement would move a table that does not stay."""
    assert move_and_change("silver.orders", **change) is None


def test_a_refresh_that_is_asked_for_takes_the_readers_along() -> None:
    """From a table that starts over a stream would read all rows a second time; a view stands between them here."""
    plan = compare_manifests(as_deployed(base()), as_deployed(base()), ["silver.orders"])

    assert plan.full_refresh == ("silver.history", "silver.orders")


def test_a_refresh_that_is_forbidden_is_destructive() -> None:
    """The table would stay as it is, with rows that do not fit."""
    before, after = base(), base()
    before[0]["models"]["silver.orders"]["properties"]["pipelines.reset.allowed"] = "false"
    after[0]["models"]["silver.orders"]["columns"][0]["type"] = "STRING"
    change = change_of(compare_manifests(as_deployed(before), as_deployed(after)), "silver.orders")

    assert (change.refresh, change.is_destructive) == ("full_refresh", True)
    assert "`pipelines.reset.allowed` is false" in {difference.detail for difference in change.differences}


def test_what_an_earlier_deployment_left_is_not_forgotten() -> None:
    """Until a full refresh was seen to succeed, every plan names it."""
    manifest, pipeline = base()
    plan = compare_manifests(Deployed(manifest, pipeline, ("silver.orders",)), as_deployed(base()))

    assert (plan.full_refresh, plan.is_destructive) == (("silver.orders",), False)


def test_what_is_left_is_named_beside_what_is_new() -> None:
    """A further change, which alone would want a usual update, does not hide it."""
    before, after = mutate(MUTATIONS[2], "silver.orders")
    plan = compare_manifests(Deployed(*before, ("silver.orders",)), as_deployed(after))

    assert [difference.aspect for difference in change_of(plan, "silver.orders").differences] == [
        "code",
        "full refresh",
    ]
    assert (plan.full_refresh, plan.is_destructive) == (("silver.orders",), False)


def test_a_first_deployment_only_adds() -> None:
    """Nothing can be lost where nothing is."""
    plan = compare_manifests(None, as_deployed(base()))

    assert (plan.is_first, {change.action for change in plan.models}, plan.is_destructive) == (True, {"add"}, False)
    assert sorted(change.model for change in plan.models) == MODELS


def test_another_catalog_is_destructive() -> None:
    """Every table is made anew there, and dropped here."""
    before, after = base(), base()
    after[1]["catalog"] = "elsewhere"
    plan = compare_manifests(as_deployed(before), as_deployed(after))

    assert [(name, difference.refresh) for name, difference in plan.destructive] == [("catalog", "recreate")]


@pytest.mark.parametrize(
    ("before", "after", "is_wider"),
    [
        ("INT", "BIGINT", True),
        ("BIGINT", "INT", False),
        ("integer", "long", True),
        ("FLOAT", "DOUBLE", True),
        ("INT", "DOUBLE", True),
        ("BIGINT", "DOUBLE", False),
        ("BIGINT", "DECIMAL(20,0)", True),
        ("BIGINT", "DECIMAL(19,0)", False),
        ("INT", "DECIMAL(12, 2)", True),
        ("INT", "DECIMAL(11, 2)", False),
        ("DECIMAL(10,1)", "DECIMAL(12,3)", True),
        ("DECIMAL(10,1)", "DECIMAL(11,3)", False),
        ("DECIMAL(10,2)", "DECIMAL(10,2)", False),
        ("DATE", "TIMESTAMP_NTZ", True),
        ("DATE", "TIMESTAMP", False),
        ("STRING", "INT", False),
        ("STRUCT<a: INT>", "STRUCT<a: BIGINT>", False),
    ],
)
def test_wider_types_are_those_of_delta(before: str, after: str, *, is_wider: bool) -> None:
    """The table of the page "Type widening" of Databricks."""
    assert is_widening(before, after) is is_wider


def test_markdown_holds_user_text_as_text() -> None:
    """A column named to break the table, or to smuggle in a link or a tag, is but a column."""
    before, after = base(), base()
    name = "a|b<img src=x>\n# heading \\| [a](https://example.com) @team a@b.com"
    after[0]["models"]["gold.totals"]["columns"][0]["name"] = name
    text = "\n".join(as_markdown(compare_manifests(as_deployed(before), as_deployed(after)), "shop", "prod"))

    assert "a\\|b&lt;img src=x&gt; # heading &#92;\\| &#91;a](https://example.com) @<!-- -->team a@b.com" in text
    assert [line for line in text.split("\n") if line.startswith("#")] == ["### `shop` in `prod`"]


def test_the_document_has_the_fields_that_the_page_names() -> None:
    """The JSON is an interface; its page must not lag behind."""
    document = as_document(
        compare_manifests(as_deployed(base()), as_deployed(mutate(MUTATIONS[2], "gold.totals")[1])), "shop", "prod"
    )
    text = (ROOT / "compiler/docs/deploying.md").read_text(encoding="utf-8").partition("### As JSON")[2]
    fields = {*document, *document["summary"], *document["models"][0], *document["models"][0]["differences"][0]}

    assert {field for field in fields if f"`{field}`" not in text} == set()
    assert set(WEIGHTS) <= {word for word in WEIGHTS if f"`{word}`" in text}
