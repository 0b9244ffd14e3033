"""What a selector's method finds: models by name, path, tag, setting or state, and what they read from outside.

Methods and their values are those of dbt (page "Methods" of its documentation), with `layer`, `kind` and `owner` beside
them. Names, tags and settings are compared regardless of case, as Spark compares names; paths are compared exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, TypeAlias

from cbx.diagnostics.diagnostic import did_you_mean, listing
from cbx.graph.graph_document import GraphDocument, Node
from cbx.spark_spelling import value_text

_WILDCARDS = re.compile(r"[*?\[]")
_FILES = (".py", ".sql")
_KINDS = ("streaming_table", "materialized_view", "view", "auto_cdc")


class SelectorError(ValueError):
    """A selector that the user has to mend: what is wrong with it, and a hint."""

    def __init__(self, reason: str, hint: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Search:
    """What methods look into: the graph, and the one that states are compared with."""

    graph: GraphDocument
    before: GraphDocument | None


_Method: TypeAlias = Callable[[Search, str], Collection[str]]


def default_method(value: str) -> str:
    """The method of a value without one: a path has a slash, a file an ending, and all else is a name."""
    if "/" in value:
        return "path"
    return "file" if value.endswith(_FILES) else "fqn"


def find_nodes(search: Search, name: str, value: str, text: str) -> set[str]:
    """The ids of what a method finds.

    Args:
        search: What to look into.
        name: The method, such as ``tag`` or ``config.cluster_by``.
        value: What stands behind the colon.
        text: The whole selector, for messages.

    Raises:
        SelectorError: If there is no such method, or the value names something that there is not.
    """
    word, _, setting = name.partition(".")
    if word == "config" and setting:
        return set(_setting_method(setting)(search, value))
    method = _METHODS.get(name)
    if method is None:
        hint = did_you_mean(name, _METHODS, otherwise=f"there are {listing((*_METHODS, 'config.<setting>'))}")
        raise SelectorError(f"`{text}`: there is no method `{name}`", hint)
    return set(method(search, value))


def _matches(pattern: str, text: str) -> bool:
    return fnmatchcase(text.lower(), pattern.lower())


def _require_match(found: list[str], what: str, value: str, known: Collection[str]) -> list[str]:
    """What was found; nothing is an error, unless the value is known or a pattern, which may match nothing."""
    if found or value in known or _WILDCARDS.search(value):
        return found
    otherwise = f"there are {listing(sorted(known))}" if known else f"the project has no {what}"
    raise SelectorError(f"no {what} `{value}`", did_you_mean(value, known, otherwise))


def _by_name(search: Search, value: str) -> Collection[str]:
    """A name, an id, or the first folders of a model, before which the project's name may stand."""
    models = [node for node in search.graph.nodes if node.is_model]
    found = [node.id for node in models if _is_named(node, value, search.graph.project)]
    if not found and not _WILDCARDS.search(value):
        names = dict.fromkeys([*(node.id for node in models), *(node.name for node in models)])
        raise SelectorError(f"no model is named `{value}`", did_you_mean(value, names, "`cbx list` prints the models"))
    return found


def _is_named(node: Node, value: str, project: str) -> bool:
    if any(_matches(value, name) for name in (node.name, node.id, node.dataset)):
        return True
    within = [*node.path.split("/")[1:-1], node.name]
    return any(_starts_with(names, value.split(".")) for names in ([project, *within], within))


def _starts_with(names: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether names begin with the wanted ones; from the first wildcard on, all that is left has to match."""
    if len(names) < len(wanted):
        return False
    for place, (name, pattern) in enumerate(zip(names, wanted, strict=False)):
        if _WILDCARDS.search(pattern):
            return _matches(".".join(wanted[place:]), ".".join(names[place:]))
        if name.lower() != pattern.lower():
            return False
    return True


def _by_path(search: Search, value: str) -> Collection[str]:
    wanted = value.rstrip("/").removeprefix("./")
    models = [node for node in search.graph.nodes if node.is_model]
    found = [node.id for node in models if _is_below(node.path.split("/"), wanted.split("/"))]
    known = {
        "/".join(parts[: end + 1]) for node in models for parts in [node.path.split("/")] for end in range(len(parts))
    }
    return _require_match(found, "path", wanted, known)


def _is_below(path: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether a pattern of folders, in which ``**`` is any number of them, matches a file or a folder above it."""
    places = {0}
    for pattern in wanted:
        if pattern == "**":
            places = set(range(min(places, default=len(path) + 1), len(path) + 1))
        else:
            places = {place + 1 for place in places if place < len(path) and fnmatchcase(path[place], pattern)}
    return bool(places)


def _by_source(search: Search, value: str) -> Collection[str]:
    """A table or a path, or the beginning of one up to a dot or a slash."""
    sources = [node for node in search.graph.nodes if not node.is_model]
    beginnings = tuple(f"{value.lower()}{end}" for end in "./")
    found = [
        source.id for source in sources if _matches(value, source.name) or source.name.lower().startswith(beginnings)
    ]
    return _require_match(found, "source", value, [node.name for node in sources])


def _by_state(search: Search, value: str) -> Collection[str]:
    """By content: ``modified`` compares the hashes of a model's file and of the notebook that it compiles to."""
    if search.before is None:
        hint = "give the manifest to compare with: --state-manifest FILE"
        raise SelectorError(f"`state:{value}` has nothing to compare with", hint)
    states = {"new", "old", "modified", "unmodified", *(f"modified.{part}" for part in _PARTS)}
    if value not in states:
        hint = did_you_mean(value, states, otherwise=f"there are {listing(sorted(states))}")
        raise SelectorError(f"there is no state `{value}`", hint)
    before = search.before.by_id
    word, _, part = value.partition(".")
    if word in {"new", "old"}:
        return [node.id for node in search.graph.nodes if (node.id in before) == (word == "old")]
    content = _PARTS[part] if part else (lambda node: node.hashes)
    same = {node.id for node in search.graph.nodes if node.id in before and content(node) == content(before[node.id])}
    return [node.id for node in search.graph.nodes if (node.id in same) == (word == "unmodified")]


_PARTS: Mapping[str, Callable[[Node], Any]] = {
    "body": lambda node: node.hashes[:1],
    "configs": lambda node: node.config,
    "contract": lambda node: [(column.name, column.type) for column in node.columns],
    "persisted_descriptions": lambda node: (
        node.description,
        [(column.name, column.description) for column in node.columns],
    ),
    "relation": lambda node: node.dataset,
}
"""What dbt's subselectors of ``state:modified`` compare."""


def _property_method(
    what: str, values: Callable[[Node], Iterable[str]], known: Callable[[GraphDocument], Iterable[str]]
) -> _Method:
    """A method that compares one property of the nodes."""

    def method(search: Search, value: str) -> Collection[str]:
        found = [
            node.id for node in search.graph.nodes if any(_matches(value, candidate) for candidate in values(node))
        ]
        choices = {candidate for node in search.graph.nodes for candidate in values(node)} | set(known(search.graph))
        return _require_match(found, what, value, choices)

    return method


def _no_names(_: GraphDocument) -> Iterable[str]:
    return ()


def _setting_method(name: str) -> _Method:
    """By ``config.<name>``, as dbt has it: a setting, one of a list, or a key within one."""

    def method(search: Search, value: str) -> Collection[str]:
        settings = sorted({setting for node in search.graph.nodes for setting in node.config})
        if name.partition(".")[0] not in settings:
            raise SelectorError(
                f"no setting `{name}`", did_you_mean(name, settings, otherwise=f"there are {listing(settings)}")
            )
        known = _KINDS if name in {"materialized", "kind"} else ("true", "false") if name == "quarantine" else ()
        return _property_method(name, partial(_setting_values, name), lambda _: known)(search, value)

    return method


def _setting_values(name: str, node: Node) -> Iterable[str]:
    """The values of a setting as words."""
    word, _, key = name.partition(".")
    value = node.config.get(word)
    if key:
        value = value.get(key) if isinstance(value, Mapping) else None
    if value is None or isinstance(value, Mapping):
        return ()
    return [value_text(item) for item in (value if isinstance(value, list) else [value])]


def _file_names(node: Node) -> Iterable[str]:
    name = node.path.rpartition("/")[2]
    return (name, name.rpartition(".")[0]) if node.is_model else ()


_METHODS: Mapping[str, _Method] = {
    "fqn": _by_name,
    "path": _by_path,
    "file": _property_method("file", _file_names, _no_names),
    "layer": _property_method("layer", lambda node: [node.layer] if node.is_model else [], lambda graph: graph.layers),
    "tag": _property_method("tag", lambda node: node.tags, _no_names),
    "kind": _property_method("kind", lambda node: [node.kind] if node.is_model else [], lambda _: _KINDS),
    "owner": _property_method("owner", lambda node: [node.owner] if node.owner else [], _no_names),
    "source": _by_source,
    "resource_type": _property_method(
        "resource type", lambda node: [node.resource_type], lambda _: ("model", "source")
    ),
    "state": _by_state,
}
