"""The reader of queries lists what it understands, down to each argument, and takes nothing else for known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from grain_cases import CASES, Case
from shop import TABLES
from sqlglot import exp

from cbx.analysis.from_sql import read_query
from cbx.analysis.sql.trees.closed_world import KNOWN, UNKNOWN, replace_unknown
from cbx.analysis.sql.trees.understood import ROLES, entries
from cbx.analysis.verdicts import result_keys
from cbx.parse.databricks_sql.dialect import read_one

OPAQUE = Path(__file__).with_name("opaque_sql.txt")
"""What is left out on purpose: a class per line, or the arguments of a class that is otherwise understood."""


@cache
def argument_types() -> dict[str, tuple[str, ...]]:
    """The arguments of every class of expressions of the installed sqlglot."""

    def below(above: type[Any]) -> Iterator[type[Any]]:
        for kind in above.__subclasses__():
            yield kind
            yield from below(kind)

    return {kind.__name__: tuple(kind.arg_types) for kind in below(exp.Expr)}


Lists = dict[str, list[str]]
"""For each class the arguments that are listed; an empty one for the class alone."""


def list_understood() -> Lists:
    return _by_class((name, argument) for table in ROLES.values() for name, argument in entries(table))


def left_out() -> Lists:
    lines = [line.partition(":") for line in OPAQUE.read_text(encoding="utf-8").splitlines()]
    return _by_class((name, argument) for name, _, arguments in lines for argument in arguments.split() or ("",))


def _by_class(pairs: Iterable[tuple[str, str]]) -> Lists:
    lists: Lists = {}
    for name, argument in pairs:
        lists.setdefault(name, []).append(argument)
    return lists


def faults(name: str, understood: Lists, left_out: Lists) -> set[str]:
    """The arguments of a class that are in no list, in both or twice, or do not exist."""
    existing = {"", *argument_types()[name]} if name in argument_types() else set()
    known, opaque = understood.get(name, []), left_out.get(name, [])
    listed = [*({"", *known} if known else ()), *(existing if "" in opaque else opaque)]
    twice = {argument for argument in listed if listed.count(argument) > 1}
    return (existing ^ set(listed)) | twice | {name for name in known if known.count(name) > 1}


def test_every_class_and_argument_is_understood_or_left_out_on_purpose() -> None:
    """A release of sqlglot with a new class or argument fails here: find out what it means, then list it."""
    understood, opaque = list_understood(), left_out()
    names = {*argument_types(), *understood, *opaque}
    found = {name: faults(name, understood, opaque) for name in sorted(names)}

    assert {name: arguments for name, arguments in found.items() if arguments} == {}


@pytest.mark.parametrize("which", [0, 1], ids=["understood", "left out"])
def test_no_entry_can_be_taken_out(which: int) -> None:
    """Each single entry of the lists is needed."""
    lists = (list_understood(), left_out())
    unnoticed = []
    for name, arguments in lists[which].items():
        for at, argument in enumerate(arguments):
            shorter = [*lists]
            shorter[which] = {**lists[which], name: arguments[:at] + arguments[at + 1 :]}
            unnoticed += [] if faults(name, *shorter) else [(name, argument)]

    assert unnoticed == []


def test_an_entry_that_is_added_is_noticed() -> None:
    """What is left out does not become understood by a slip, nor the other way round."""
    known, opaque = list_understood(), left_out()

    assert faults("MatchRecognize", {**known, "MatchRecognize": ["this"]}, opaque)
    assert faults("Between", {**known, "Between": [*known["Between"], "symmetric"]}, opaque)
    assert faults("Tuple", known, {**opaque, "Tuple": [""]})


def nodes_of(query: str) -> list[exp.Expr]:
    return list(read_one(query).walk())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.why}")
def test_less_understood_is_less_proven(case: Case) -> None:
    """With any one of the classes or arguments of a query not understood, no key is found that is none otherwise."""
    nodes = nodes_of(case.query)
    found = {(type(node), argument) for node in nodes for argument in ("", *_given_arguments(node))}
    complete = [set(key) for key in result_keys(read_query(nodes[0], TABLES).relation)]
    for kind, argument in sorted(found, key=lambda entry: (entry[0].__name__, entry[1])):
        with _without_understanding(nodes, kind, argument):
            keys = result_keys(read_query(nodes[0], TABLES).relation)
        for key in keys:
            assert any(proven_key <= set(key) for proven_key in complete), f"{kind.__name__} {argument}: {key}"


@contextmanager
def _without_understanding(nodes: Iterable[exp.Expr], kind: type[exp.Expr], argument: str) -> Iterator[None]:
    """Give the nodes of a class, or those that have an argument, one more argument, which nothing lists."""
    changed = [node for node in nodes if type(node) is kind and (not argument or argument in _given_arguments(node))]
    for node in changed:
        node.set("added", True)
    yield
    for node in changed:
        node.set("added", None)


def _given_arguments(node: exp.Expr) -> list[str]:
    return [name for name, value in node.args.items() if value is not None and value is not False and value != []]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.why}")
def test_an_unknown_argument_is_never_seen(case: Case) -> None:
    """Whatever argument is added to whatever node: the reader sees a stand-in for it, or for the query around it."""
    count = len(nodes_of(case.query))
    for at in range(count):
        tree = read_one(case.query)
        node = list(tree.walk())[at]
        unlisted = [argument for argument in (*type(node).arg_types, "added") if argument not in KNOWN[type(node)]]
        node.set(unlisted[-1], exp.Literal.string("?"))
        seen = replace_unknown(tree, list(tree.walk()))

        names = [part.this for part in seen.walk() if isinstance(part, (exp.Anonymous, exp.AnonymousAggFunc))]
        assert node not in list(seen.walk())
        assert UNKNOWN in names
