"""The selectors against the examples of dbt's documentation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cbx.graph_document import GraphDocument
from cbx.selectors import SelectorError, select
from compiler.tests.graph.drawn import graph, model, source

SHOP = graph(
    [
        source("raw.events"),
        source("stripe.payments"),
        model("bronze.events", kind="streaming_table", tags=("nightly",)),
        model("bronze.payments", folder="stripe", kind="streaming_table"),
        model("silver.sessions", folder="web", tags=("nightly", "pii")),
        model("silver.my_model", folder="web"),
        model("silver.payments", folder="finance/base", kind="auto_cdc", owner="finance"),
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
BELOW = "gold.daily gold.weekly gold.yearly"

# The forms of dbt's pages "Syntax overview", "Graph operators", "Set operators", "Exclude" and "Methods".
TABLE = {
    "a model": ("my_model", "silver.my_model"),
    "a model by its id": ("silver.my_model", "silver.my_model"),
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
    "at: its readers and all they need": (
        "@my_model",
        f"source:stripe.payments {ABOVE} bronze.payments silver.my_model silver.payments {BELOW}",
    ),
    "union by a space": ("sessions daily", "silver.sessions gold.daily"),
    "union of graphs": ("+sessions weekly+", f"{ABOVE} gold.weekly gold.yearly"),
    "intersection by a comma": ("+my_model,+payments", ""),
    "intersection of graphs": ("bronze.events+,+daily", "bronze.events silver.sessions silver.my_model gold.daily"),
    "intersection of three": ("silver.*,tag:nightly,tag:pii", "silver.sessions"),
    "intersection within union": ("tag:nightly,layer:silver gold.yearly", "silver.sessions gold.yearly"),
    "tag": ("tag:nightly", "bronze.events silver.sessions"),
    "tag and what follows": ("tag:daily+", BELOW),
    "source table": ("source:raw.events+1", "source:raw.events bronze.events"),
    "source schema": ("source:raw+1", "source:raw.events bronze.events"),
    "resource type": ("resource_type:source", "source:raw.events source:stripe.payments"),
    "path of a folder": ("path:models/silver/web", "silver.my_model silver.sessions"),
    "path of a file": ("path:models/gold/daily.sql", "gold.daily"),
    "path without the method": ("models/silver/finance", "silver.payments"),
    "path with a wildcard": ("path:models/*/web/*", "silver.my_model silver.sessions"),
    "file": ("file:daily.sql", "gold.daily"),
    "file without the method": ("daily.sql+1", "gold.daily gold.weekly"),
    "file without its ending": ("file:daily", "gold.daily"),
    "config.materialized": ("config.materialized:view", "gold.yearly"),
    "kind": ("kind:auto_cdc", "silver.payments"),
    "layer": ("layer:gold", BELOW),
    "owner": ("owner:finance", "silver.payments"),
    "star": ("*my_model*", "silver.my_model"),
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
    assert ids(expected) == set(select(SHOP, [selector]))


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
        ([], ["resource_type:source", "layer:bronze", "layer:silver"], BELOW),
        (["layer:gold"], ["weekly yearly"], "gold.daily"),
        (["layer:gold"], ["layer:gold"], ""),
        (["tag:nightly"], ["tag:nightly,layer:bronze"], "silver.sessions"),
    ],
)
def test_exclude_takes_away(include: list[str], exclude: list[str], expected: str) -> None:
    """It has the same grammar, and the last word."""
    assert ids(expected) == set(select(SHOP, include, exclude))


def changed() -> GraphDocument:
    """The shop of yesterday: `weekly` was not there yet, `my_model` had another text, `payments` another notebook."""
    before = {"silver.my_model": ("z", "b"), "silver.payments": ("a", "z")}
    nodes = [replace(node, hashes=before.get(node.id, node.hashes)) for node in SHOP.nodes if node.id != "gold.weekly"]
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
    ],
)
def test_states_compare_contents(selector: str, expected: str) -> None:
    """A model is modified if its file or its notebook is another; what is new counts as modified, as in dbt."""
    assert ids(expected) == set(select(SHOP, [selector], before=changed()))


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
        ("@daily+", "`@daily+`: `@` already goes both ways", ""),
        ("daily,", "`` is not a selector", "such as"),
        ("+", "`+` is not a selector", "such as"),
        ("state:modified", "`state:modified` has nothing to compare with", "--state-manifest FILE"),
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
        select(SHOP, ["state:modifed"], before=changed())

    assert (error.value.reason, error.value.hint) == ("there is no state `modifed`", "did you mean `modified`?")


def test_a_layer_without_models_is_known() -> None:
    """An empty selection is no mistake of the one who selects."""
    assert select(replace(SHOP, nodes=SHOP.nodes[:1], edges=()), ["layer:gold"]) == ()
