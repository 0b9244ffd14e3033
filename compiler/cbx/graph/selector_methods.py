"""The methods of selectors: find models by name, path, tag, setting or state, and sources.

The methods are those of dbt (page "Methods" of its documentation), and `layer`, `kind` and `owner`. Names, tags and
settings are compared regardless of case, as in Spark; paths are compared exactly.
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
_KINDS = ("streaming_table", "materialized_view", "view", "auto_cdc", "auto_cdc_from_snapshot", "flow", "sink", "seed")


class SelectorError(ValueError):
    """An invalid selector, with the reason and a hint."""

    def __init__(self, reason: str, hint: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Search:
    """The graph to search, and the graph that ``state:`` compares with."""

    graph: GraphDocument
    before: GraphDocument | None


_Method: TypeAlias = Callable[[Search, str], Collection[str]]


def default_method(value: str) -> str:
    """The method of a value without a method: a path has a slash, a file has a suffix, anything else is a name."""
    if "/" in value:
        return "path"
    return "file" if value.endswith(_FILES) else "fqn"


def find_nodes(search: Search, name: str, value: str, text: str) -> set[str]:
    """The ids of the nodes that a method finds.

    Args:
        search: The graphs.
        name: The method, such as ``tag`` or ``config.cluster_by``.
        value: The text after the colon.
        text: The whole selector, for messages.

    Raises:
        SelectorError: If the method or the value does not exist.
    """
    word, _, setting = name.partition(".")
    if word == "config" and setting:
        return set(_setting_method(setting)(search, value))
    method = _METHODS.get(name)
    if method is None:
        hint = did_you_mean(name, _METHODS, otherwise=f"the methods are {listing((*_METHODS, 'config.<setting>'))}")
        raise SelectorError(f"`{text}`: there is no method `{name}`", hint)
    return set(method(search, value))


def _matches(pattern: str, text: str) -> bool:
    return fnmatchcase(text.lower(), pattern.lower())


def _require_match(ids: list[str], what: str, value: str, choices: Collection[str]) -> list[str]:
    """Raise SelectorError if a method found nothing, unless the value exists or is a pattern."""
    if ids or value in choices or _WILDCARDS.search(value):
        return ids
    otherwise = f"there are {listing(sorted(choices))}" if choices else f"the project has no {what}"
    raise SelectorError(f"no {what} `{value}`", did_you_mean(value, choices, otherwise))


def _by_name(search: Search, value: str) -> Collection[str]:
    """By a name, an id, or the first folders of a model, with or without the project's name in front."""
    models = [node for node in search.graph.nodes if node.is_model]
    ids = [node.id for node in models if _is_named(node, value, search.graph.project)]
    if not ids and not _WILDCARDS.search(value):
        names = dict.fromkeys([*(node.id for node in models), *(node.name for node in models)])
        raise SelectorError(f"no model is named `{value}`", did_you_mean(value, names, "`cbx list` prints the models"))
    return ids


def _is_named(node: Node, value: str, project: str) -> bool:
    if any(_matches(value, name) for name in (node.name, node.id, node.dataset)):
        return True
    within = [*node.path.split("/")[1:-1], node.name]
    return any(_starts_with(names, value.split(".")) for names in ([project, *within], within))


def _starts_with(names: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether names start with patterns; from the first wildcard on, all of the rest has to match."""
    if len(names) < len(patterns):
        return False
    for index, (name, pattern) in enumerate(zip(names, patterns, strict=False)):
        if _WILDCARDS.search(pattern):
            return _matches(".".join(patterns[index:]), ".".join(names[index:]))
        if name.lower() != pattern.lower():
            return False
    return True


def _by_path(search: Search, value: str) -> Collection[str]:
    path = value.rstrip("/").removeprefix("./")
    models = [node for node in search.graph.nodes if node.is_model]
    ids = [node.id for node in models if _is_below(node.path.split("/"), path.split("/"))]
    paths = {
        "/".join(parts[: end + 1]) for node in models for parts in [node.path.split("/")] for end in range(len(parts))
    }
    return _require_match(ids, "path", path, paths)


def _is_below(path: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether patterns of folders match a file or a folder above it; ``**`` is any number of folders."""
    depths = {0}
    for pattern in patterns:
        if pattern == "**":
            depths = set(range(min(depths, default=len(path) + 1), len(path) + 1))
        else:
            depths = {depth + 1 for depth in depths if depth < len(path) and fnmatchcase(path[depth], pattern)}
    return bool(depths)


def _by_source(search: Search, value: str) -> Collection[str]:
    """By a table, a path or a topic, or its beginning up to a dot, a slash or a colon."""
    sources = [node for node in search.graph.nodes if not node.is_model]
    beginnings = tuple(f"{value.lower()}{end}" for end in "./:")
    ids = [
        node.id
        for node in sources
        for names in [[node.name, *node.name.partition(":")[2].split(",")]]
        if any(_matches(value, name) or name.lower().startswith(beginnings) for name in names)
    ]
    return _require_match(ids, "source", value, [node.name for node in sources])


def _by_state(search: Search, value: str) -> Collection[str]:
    """By content: ``modified`` compares the hashes of a model's file and of its notebook."""
    if search.before is None:
        hint = "add `--state-manifest FILE`"
        raise SelectorError(f"`state:{value}` needs a manifest to compare with", hint)
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
"""The comparisons of dbt's subselectors of ``state:modified``."""


def _property_method(
    what: str, values: Callable[[Node], Iterable[str]], further: Callable[[GraphDocument], Iterable[str]]
) -> _Method:
    """A method that compares one property of the nodes."""

    def method(search: Search, value: str) -> Collection[str]:
        nodes = search.graph.nodes
        ids = [node.id for node in nodes if any(_matches(value, candidate) for candidate in values(node))]
        choices = {candidate for node in nodes for candidate in values(node)} | set(further(search.graph))
        return _require_match(ids, what, value, choices)

    return method


def _no_names(_: GraphDocument) -> Iterable[str]:
    return ()


def _setting_method(name: str) -> _Method:
    """By ``config.<name>``, as in dbt: a setting, an item of a list, or a key of a mapping."""

    def method(search: Search, value: str) -> Collection[str]:
        settings = sorted({setting for node in search.graph.nodes for setting in node.config})
        if name.partition(".")[0] not in settings:
            raise SelectorError(
                f"no setting `{name}`", did_you_mean(name, settings, otherwise=f"there are {listing(settings)}")
            )
        further = _KINDS if name in {"materialized", "kind"} else ("true", "false") if name == "quarantine" else ()
        return _property_method(name, partial(_setting_values, name), lambda _: further)(search, value)

    return method


def _setting_values(name: str, node: Node) -> Iterable[str]:
    """The values of a setting as texts."""
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
    "pipeline": _property_method(
        "pipeline", lambda node: [node.pipeline] if node.pipeline is not None else [], _no_names
    ),
    "source": _by_source,
    "resource_type": _property_method(
        "resource type", lambda node: [node.resource_type], lambda _: ("model", "source")
    ),
    "state": _by_state,
}
