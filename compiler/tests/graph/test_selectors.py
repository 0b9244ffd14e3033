"""The selectors against the examples of dbt's documentation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cbx.graph.graph_document import ColumnNode, GraphDocument
from cbx.graph.selector_methods import SelectorError
from cbx.graph.selectors import select
from compiler.tests.graph.drawn import graph, model, source

PAYMENTS = {
    "unique_key": ["column_a", "column_b"],
    "meta": {"contains_pii": "true", "delta.minReaderVersion": "2"},
    "cluster_by": ["geo_country"],
    "quarantine": True,
}
SHOP = graph(
    [
        source("raw.events"),
        source("stripe.payments"),
        model("bronze.events", kind="streaming_table", tags=("nightly",)),
        model("bronze.payments", folder="stripe", kind="streaming_table"),
        model("silver.sessions", folder="web", tags=("nightly", "pii")),
        model("silver.my_model", folder="web"),
        model("silver.payments", folder="finance/base", kind="auto_cdc", owner="finance", config=PAYMENTS),
        model("gold.daily", tags=("daily",)),
        model("gold.weekly"),
        model("gold.yearly", kind="view"),
    ],
    """
    source:raw.events => bronze.events
    source:stripe.payments => bronze.payments
    bronze.events -> silver.sessions
    silver.sessions -> silver.my_model
    bronze.payments => silver.payments
    silver.my_model -> gold.daily
    silver.payments -> gold.daily
    gold.daily -> gold.weekly
    gold.weekly -> gold.yearly
    """,
)
ABOVE = "source:raw.events bronze.events silver.sessions"
BRONZE = "bronze.events bronze.payments"
SILVER = "silver.sessions silver.my_model silver.payments"
BELOW = "gold.daily gold.weekly gold.yearly"

# The forms of dbt's pages "Syntax overview", "Graph operators", "Set operators", "Exclude" and "Methods".
TABLE = {
    "a model": ("my_model", "silver.my_model"),
    "the method fqn": ("fqn:my_model", "silver.my_model"),
    "fqn of a folder and a model": ("fqn:silver.web.my_model", "silver.my_model"),
    "a model by its id": ("silver.my_model", "silver.my_model"),
    "the project's name alone": ("shop", f"{BRONZE} {SILVER} {BELOW}"),
    "the project's name in front": ("shop.silver.web.my_model", "silver.my_model"),
    "a folder by its name": ("silver.web", "silver.my_model silver.sessions"),
    "a folder below the first": ("silver.finance.base", "silver.payments"),
    "one name in two layers": ("payments", "bronze.payments silver.payments"),
    "children": ("my_model+", f"silver.my_model {BELOW}"),
    "parents": ("+my_model", f"{ABOVE} silver.my_model"),
    "both": ("+my_model+", f"{ABOVE} silver.my_model {BELOW}"),
    "children of the first degree": ("my_model+1", "silver.my_model gold.daily"),
    "parents of the second degree": ("2+my_model", "bronze.events silver.sessions silver.my_model"),
    "degrees on both sides": ("1+my_model+2", "silver.sessions silver.my_model gold.daily gold.weekly"),
    "no degree at all": ("0+my_model", "silver.my_model"),
    "many degrees": ("3+my_model+4", f"{ABOVE} silver.my_model {BELOW}"),
    "at: its readers and all they need": (
        "@my_model",
        f"source:stripe.payments {ABOVE} bronze.payments silver.my_model silver.payments {BELOW}",
    ),
    "at and plus before": ("@+weekly", "@weekly"),
    "union by a space": ("sessions daily", "silver.sessions gold.daily"),
    "union of graphs": ("+sessions weekly+", f"{ABOVE} gold.weekly gold.yearly"),
    "intersection by a comma": ("+my_model,+payments", ""),
    "intersection of graphs": ("bronze.events+,+daily", "bronze.events silver.sessions silver.my_model gold.daily"),
    "intersection of three": ("silver.*,tag:nightly,tag:pii", "silver.sessions"),
    "methods and a folder": ("tag:nightly my_model silver.finance.base.*", f"bronze.events {SILVER}"),
    "intersection of methods": (
        "path:models/silver,tag:nightly,config.materialized:materialized_view",
        "silver.sessions",
    ),
    "intersection within union": ("tag:nightly,layer:silver gold.yearly", "silver.sessions gold.yearly"),
    "tag": ("tag:nightly", "bronze.events silver.sessions"),
    "tag and what follows": ("tag:daily+", BELOW),
    "source table": ("source:raw.events+1", "source:raw.events bronze.events"),
    "source schema": ("source:raw+1", "source:raw.events bronze.events"),
    "source with a wildcard": ("source:*.events", "source:raw.events"),
    "a source by its id": ("source:stripe.payments", "source:stripe.payments"),
    "resource type": ("resource_type:source", "source:raw.events source:stripe.payments"),
    "path of a folder": ("path:models/silver/web", "silver.my_model silver.sessions"),
    "path of a file": ("path:models/gold/daily.sql", "gold.daily"),
    "path without the method": ("models/silver/finance", "silver.payments"),
    "path with a wildcard": ("path:models/*/web/*", "silver.my_model silver.sessions"),
    "path with a slash at its end": ("path:models/silver/finance/", "silver.payments"),
    "path from here": ("./models/silver/finance", "silver.payments"),
    "a star of a path stays within a folder": ("path:models/silver/*.sql", ""),
    "two stars of a path do not": ("path:models/silver/**/*.sql", SILVER),
    "file": ("file:daily.sql", "gold.daily"),
    "file without the method": ("daily.sql+1", "gold.daily gold.weekly"),
    "file without its ending": ("file:daily", "gold.daily"),
    "config.materialized": ("config.materialized:view", "gold.yearly"),
    "config of a list": ("config.unique_key:column_a", "silver.payments"),
    "config.cluster_by": ("config.cluster_by:geo_country", "silver.payments"),
    "config.schema": ("config.schema:gold", BELOW),
    "config of a truth": ("config.quarantine:true", "silver.payments"),
    "config of a key": ("config.meta.contains_pii:true", "silver.payments"),
    "config of a key with dots": ("config.meta.delta.minReaderVersion:2+1", "silver.payments gold.daily"),
    "kind": ("kind:auto_cdc", "silver.payments"),
    "layer": ("layer:gold", BELOW),
    "owner": ("owner:finance", "silver.payments"),
    "star": ("*my_model*", "silver.my_model"),
    "star between folders": ("*.web.*", "silver.sessions silver.my_model"),
    "star of a folder": ("silver.web.*", "silver.sessions silver.my_model"),
    "a wildcard has to match all that is left": ("gol?", ""),
    "question mark": ("?aily", "gold.daily"),
    "brackets": ("[dw]*ly", "gold.daily gold.weekly"),
    "negated brackets": ("gold.[!d]*", "gold.weekly gold.yearly"),
    "wildcard in a tag": ("tag:n*", "bronze.events silver.sessions"),
    "a wildcard may match nothing": ("zebra*", ""),
    "names regardless of case": ("SILVER.My_Model", "silver.my_model"),
}


def ids(text: str) -> set[str]:
    return set(text.split())


@pytest.mark.parametrize(("selector", "expected"), TABLE.values(), ids=TABLE)
def test_a_selector_chooses(selector: str, expected: str) -> None:
    """Each form means here what it means in dbt."""
    wanted = set(select(SHOP, [expected])) if expected.startswith("@") else ids(expected)

    assert wanted == set(select(SHOP, [selector]))


def test_no_selector_chooses_everything_in_the_order_of_layers() -> None:
    """As a command without `--select` is about the whole project."""
    assert [node.id for node in SHOP.nodes] == list(select(SHOP))


def test_several_options_are_a_union() -> None:
    """`--select a --select b` is `--select "a b"`."""
    assert set(select(SHOP, ["daily", "weekly"])) == set(select(SHOP, ["daily weekly"]))


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (["my_model+"], ["weekly+"], "silver.my_model gold.daily"),
        (["silver.web.*+"], ["gold.weekly+"], "silver.sessions silver.my_model gold.daily"),
        ([], ["resource_type:source", "layer:bronze", "layer:silver"], BELOW),
        (["layer:gold"], ["weekly yearly"], "gold.daily"),
        (["layer:gold"], ["layer:gold"], ""),
        (["tag:nightly"], ["tag:nightly,layer:bronze"], "silver.sessions"),
    ],
)
def test_exclude_takes_away(include: list[str], exclude: list[str], expected: str) -> None:
    """It has the same grammar, and the last word."""
    assert ids(expected) == set(select(SHOP, include, exclude))


def make_changed_graph() -> GraphDocument:
    """The shop of yesterday: `weekly` was not there yet, `my_model` had another text, `payments` another notebook."""
    before: dict[str, dict[str, Any]] = {
        "silver.my_model": {"hashes": ("z", "b")},
        "silver.payments": {"hashes": ("a", "z")},
        "silver.sessions": {"config": {}},
        "gold.daily": {"columns": (ColumnNode("day", "DATE", "Of sale.", is_not_null=True, lineage=None),)},
        "gold.yearly": {"dataset": "gold.years"},
        "bronze.events": {"description": "What happened."},
    }
    nodes = [replace(node, **before.get(node.id, {})) for node in SHOP.nodes if node.id != "gold.weekly"]
    return replace(SHOP, nodes=tuple(nodes), edges=())


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("state:new", "gold.weekly"),
        ("state:modified", "silver.my_model silver.payments gold.weekly"),
        ("state:modified,layer:silver", "silver.my_model silver.payments"),
        ("state:new+", "gold.weekly gold.yearly"),
        ("1+state:new", "gold.daily gold.weekly"),
        ("state:unmodified,layer:gold", "gold.daily gold.yearly"),
        ("state:old,layer:gold", "gold.daily gold.yearly"),
        ("state:modified.body", "silver.my_model gold.weekly"),
        ("state:modified.configs", "silver.sessions gold.weekly"),
        ("state:modified.contract", "gold.daily gold.weekly"),
        ("state:modified.relation", "gold.yearly gold.weekly"),
        ("state:modified.persisted_descriptions", "gold.daily bronze.events gold.weekly"),
    ],
)
def test_states_compare_contents(selector: str, expected: str) -> None:
    """A model is modified if its file or its notebook is another; what is new counts as modified, as in dbt."""
    assert ids(expected) == set(select(SHOP, [selector], before=make_changed_graph()))


@pytest.mark.parametrize(
    ("selector", "reason", "hint"),
    [
        ("silver.my_modle", "no model is named `silver.my_modle`", "did you mean `silver.my_model`?"),
        ("+sesions+", "no model is named `sesions`", "did you mean `sessions`?"),
        ("xyzzy", "no model is named `xyzzy`", "`cbx list` prints the models"),
        ("tag:nigthly", "no tag `nigthly`", "did you mean `nightly`?"),
        ("layer:glod", "no layer `glod`", "did you mean `gold`?"),
        ("kind:auto_cdx", "no kind `auto_cdx`", "did you mean `auto_cdc`?"),
        ("owner:x", "no owner `x`", "there are `finance`"),
        ("path:models/sliver", "no path `models/sliver`", "did you mean `models/silver`?"),
        ("source:raw.event", "no source `raw.event`", "did you mean `raw.events`?"),
        ("tga:nightly", "`tga:nightly`: there is no method `tga`", "did you mean `tag`?"),
        ("@daily+", "`@daily+`: `@` already selects everything", ""),
        ("config.matrialized:view", "no setting `matrialized`", "did you mean `materialized`?"),
        ("config.materialized:veiw", "no materialized `veiw`", "did you mean `view`?"),
        ("daily,", "`` is not a selector", "for example"),
        ("+", "`+` is not a selector", "for example"),
        ("state:modified", "`state:modified` needs a manifest to compare with", "--state-manifest FILE"),
    ],
)
def test_a_selector_that_names_nothing_is_an_error(selector: str, reason: str, hint: str) -> None:
    """A slip must not select nothing in silence."""
    with pytest.raises(SelectorError) as error:
        select(SHOP, [selector])

    assert error.value.reason.startswith(reason)
    assert hint in (error.value.hint or "")


def test_an_unknown_state_is_an_error() -> None:
    """With the nearest state."""
    with pytest.raises(SelectorError) as error:
        select(SHOP, ["state:modifed"], before=make_changed_graph())

    assert (error.value.reason, error.value.hint) == ("there is no state `modifed`", "did you mean `modified`?")


def test_a_layer_without_models_is_known() -> None:
    """An empty selection is no mistake of the one who selects."""
    assert select(replace(SHOP, nodes=SHOP.nodes[:1], edges=()), ["layer:gold"]) == ()


def test_a_path_of_many_wildcards_is_matched_soon() -> None:
    """Each `**` may be any number of folders; trying every way would take years."""
    deep = replace(SHOP.nodes[-1], id="gold.deep", path="models/gold/" + "a/" * 40 + "deep.sql")
    graph = replace(SHOP, nodes=(*SHOP.nodes, deep))

    assert select(graph, ["path:models/" + "**/a/" * 15 + "**/deep.sql"]) == ("gold.deep",)
    assert select(graph, ["path:models/" + "**/*/" * 15 + "b*"]) == ()


def test_a_depth_of_thousands_of_digits_is_all_the_way() -> None:
    """Python makes no number of them."""
    assert select(SHOP, [f"{'9' * 5000}+daily+{'9' * 5000}"]) == select(SHOP, ["+daily+"])
