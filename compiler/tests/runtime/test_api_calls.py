"""Calls of the API that do not fit: what is said of them, and where."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cbx.runtime.api.dlt_module import api_functions
from cbx.runtime.auto_cdc import AllBut
from cbx.runtime.definitions import CdcFlow, Registry
from cbx.runtime.errors import RunError


def api(registry: Registry | None = None) -> Any:
    return SimpleNamespace(**api_functions(registry or Registry(), None))  # type: ignore[arg-type] # nothing is read


def rows() -> Any:
    """A dataset's function, which is never called here."""


CHANGES: dict[str, Any] = {"target": "t", "source": "s", "keys": ["id"], "sequence_by": "n"}
IGNORING = [f"`ignore_null_updates{which}`" for which in ("", "_column_list", "_except_column_list")]
_KNOWN = "the arguments are name, comment, spark_conf"
SLIPS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "a misspelt argument": (
        lambda dlt: dlt.view(nmae="a"),
        "`view` has no argument `nmae`",
        f"did you mean `name`? {_KNOWN}",
    ),
    "an unknown argument": (lambda dlt: dlt.view(zebra=1), "`view` has no argument `zebra`", _KNOWN),
    "an old name": (
        lambda dlt: dlt.apply_changes(target="t", source="s", keys=["id"]),
        "`apply_changes` needs `sequence_by`",
        "write apply_changes(target=..., source=..., keys=..., sequence_by=...)",
    ),
    "nothing where a name is needed": (
        lambda dlt: dlt.create_auto_cdc_flow(**{**CHANGES, "target": None, "source": None}),
        "`create_auto_cdc_flow` needs `target` and `source`",
        "write create_auto_cdc_flow(target=..., source=..., keys=..., sequence_by=...)",
    ),
    "nothing at all": (
        lambda dlt: dlt.create_streaming_table(),
        "`create_streaming_table` needs `name`",
        "write create_streaming_table(name=...)",
    ),
    "too many by position": (
        lambda dlt: dlt.create_streaming_table("t", "a comment"),
        "`create_streaming_table` takes 1 positional argument, not 2",
        "name them: create_streaming_table(name=..., comment=...)",
    ),
    "none by position": (
        lambda dlt: dlt.append_flow("t"),
        "`append_flow` takes no positional arguments, not 1",
        "name them: append_flow(target=...)",
    ),
    "twice": (
        lambda dlt: dlt.create_sink("s", "json", name="s"),
        "`create_sink` gets `name` twice, by position and by name",
        "remove one of them",
    ),
    "a name by position": (
        lambda dlt: dlt.table("customers"),
        "`table` takes keyword arguments only, not the string 'customers'",
        'write table(name="customers")',
    ),
    "keys as text": (
        lambda dlt: dlt.create_auto_cdc_flow(**{**CHANGES, "keys": "id"}),
        "`keys` of `create_auto_cdc_flow` is a list of columns, not the string 'id'",
        'write keys=["id"]',
    ),
    "rules as a list": (
        lambda dlt: dlt.expect_all(["a > 1"]),
        "`expectations` of `expect_all` is a dictionary of names and conditions, not a list",
        'write {"valid_id": "id IS NOT NULL"}, for example',
    ),
    "rules of a table as a text": (
        lambda dlt: dlt.create_streaming_table("t", expect_all_or_drop="id"),
        "`expect_all_or_drop` of `create_streaming_table` is a dictionary of names and conditions, not the string 'id'",
        'write {"valid_id": "id IS NOT NULL"}, for example',
    ),
    "a condition that is no text": (
        lambda dlt: dlt.expect("positive", True),
        "`condition` of `expect` is a SQL condition as a string, not True",
        'write it as SQL, "id IS NOT NULL" for example',
    ),
    "a name that is none": (
        lambda dlt: dlt.view(name=3),
        "`name` of `view` is a string, not 3",
        'write name="..."',
    ),
    "settings as a list": (
        lambda dlt: dlt.create_sink("s", "json", ["path"]),
        "`options` of `create_sink` is a dictionary of names and values, not a list",
        'write options={"name": "value"}, for example',
    ),
    "a schema that is none": (
        lambda dlt: dlt.table(schema=["id"]),
        "`schema` of `table` is a string or a StructType, not a list",
        'write schema="id BIGINT NOT NULL, name STRING", for example',
    ),
    "a function as a source": (
        lambda dlt: dlt.create_auto_cdc_flow(**{**CHANGES, "source": rows}),
        "`source` of `create_auto_cdc_flow` is the name of a dataset, not a function",
        "write its name",
    ),
    "a decorated value": (
        lambda dlt: dlt.expect("positive", "id > 0")(3),
        "`expect` decorates a function, not 3",
        "return the DataFrame from a function, and decorate the function",
    ),
    "a function without a name": (
        lambda dlt: dlt.table(functools.partial(rows)),
        "the function has no name",
        'add name="..."',
    ),
    "a name of four parts": (
        lambda dlt: dlt.create_streaming_table("a.b.c.d"),
        "`a.b.c.d` has 4 parts: a name has at most three",
        "write name or schema.name; quote other characters with backticks",
    ),
    "an unknown type": (
        lambda dlt: dlt.create_auto_cdc_flow(**CHANGES, stored_as_scd_type="bitemporal"),
        "the SCD type 'bitemporal' is not supported",
        "use 1 or 2",
    ),
    "two ways to ignore": (
        lambda dlt: dlt.apply_changes(**CHANGES, ignore_null_updates=True, ignore_null_updates_column_list=["a"]),
        f"{', '.join(IGNORING[:2])} and {IGNORING[2]} cannot be combined",
        "use one of them",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_call_that_does_not_fit_says_what_to_write(slip: str) -> None:
    """The name that was called, what was given, and the way out."""
    make, reason, hint = SLIPS[slip]
    with pytest.raises(RunError) as raised:
        make(api())

    assert (raised.value.diagnostic.message, raised.value.diagnostic.hint) == (reason, hint)


def test_a_call_that_does_not_fit_is_at_its_line() -> None:
    """The place is the user's line and no line of the runtime."""
    here = inspect.currentframe()
    line = here.f_lineno if here else 0
    with pytest.raises(RunError) as raised:
        api().append_flow(targte="t")

    assert str(raised.value.diagnostic.span) == f"{Path(__file__)}:{line + 2}:9"


@pytest.mark.parametrize("name", sorted(vars(api())))
def test_every_function_refuses_what_it_does_not_know(name: str) -> None:
    """One mechanism for all names, old and new, so that none shows a name of ours."""
    with pytest.raises(RunError) as raised:
        vars(api())[name](no_such_argument=1)

    assert raised.value.diagnostic.message == f"`{name}` has no argument `no_such_argument`"


def test_an_event_hook_stays_the_function_that_it_is() -> None:
    """Decorated bare or with brackets."""
    dlt = api()

    assert (dlt.on_event_hook(rows), dlt.on_event_hook(max_allowable_consecutive_failures=3)(rows)) == (rows, rows)


@pytest.mark.parametrize(
    ("schema", "is_noted"),
    [
        ("id INT, email STRING MASK hidden USING COLUMNS (id)", True),
        ("id INT, mask STRING COMMENT 'MASK'", False),
        ("id DECIMAL(", False),
    ],
)
def test_a_mask_is_noted(schema: str, is_noted: bool) -> None:  # noqa: FBT001 - a parameter
    """A column or a comment of that name is none; a schema that cannot be read fails when its table is made."""
    registry = Registry()
    api(registry).table(name="t", schema=schema)(rows)
    note = "MASK in schema= has no effect locally: all values are visible"

    assert [text for text, _ in registry.notes] == ([note] if is_noted else [])


def test_what_has_no_effect_is_noted_once() -> None:
    """A pipeline of many clustered tables is told about it at the first."""
    registry = Registry()
    for name in ("a", "b"):
        api(registry).table(name=name, cluster_by=["id"], partition_cols=["day"])(rows)

    assert [text for text, _ in registry.notes] == [
        "partition_cols= has no effect locally: Spark's default file layout is used",
        "cluster_by= has no effect locally: Spark's default file layout is used",
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, False),
        ({"ignore_null_updates": True}, True),
        ({"ignore_null_updates_column_list": ["a"]}, ("a",)),
        ({"ignore_null_updates_except_column_list": ["a"]}, AllBut(("a",))),
    ],
)
def test_nulls_are_ignored_for_none_all_some_or_all_but_some_columns(arguments: dict[str, Any], expected: Any) -> None:
    """The three arguments become one fact about the flow."""
    registry = Registry()
    api(registry).create_auto_cdc_flow(**CHANGES, **arguments)
    (flow,) = registry.flows["t"]
    assert isinstance(flow, CdcFlow)

    assert flow.ignore_null_updates == expected
