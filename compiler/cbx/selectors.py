"""Selectors, with the grammar of dbt: which models a command is about.

``+silver.orders`` and what it is made of, ``2+x+1`` two steps up and one down, ``@x`` with all that its readers need,
``layer:silver``, ``tag:nightly``; a space or a further option is "or", a comma is "and". See the pages "Syntax
overview", "Graph operators", "Set operators" and "Methods" of dbt's documentation, and docs/selectors.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeAlias

from cbx.diagnostics import did_you_mean, listing
from cbx.graph_document import GraphDocument, Node

_CRITERION = re.compile(
    r"(?P<at>@)?(?:(?P<up>\d*)(?P<ancestors>\+))?(?:(?P<method>[a-z_]+(?:\.[a-z_]+)*):)?"
    r"(?P<value>[^+].*?)(?:(?P<descendants>\+)(?P<down>\d*))?",
    re.DOTALL,
)
_WILDCARDS = re.compile(r"[*?\[]")
_FILES = (".py", ".sql")


class SelectorError(ValueError):
    """A selector that the user has to mend: what is wrong with it, and a hint."""

    def __init__(self, reason: str, hint: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True, slots=True)
class _Criterion:
    """One selector between spaces and commas, taken apart; a depth of None is all the way."""

    text: str
    method: str
    value: str
    has_ancestors: bool
    up: int | None
    has_descendants: bool
    down: int | None
    with_needs: bool


@dataclass(frozen=True, slots=True)
class _Search:
    """What methods look into: the graph, and the one that states are compared with."""

    graph: GraphDocument
    before: GraphDocument | None


_Method: TypeAlias = Callable[[_Search, str], Collection[str]]


def select(
    graph: GraphDocument,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    before: GraphDocument | None = None,
) -> tuple[str, ...]:
    """The ids that selectors choose, in the order of the graph.

    Args:
        graph: What there is to choose from.
        include: The values of ``--select``; with none everything is chosen.
        exclude: The values of ``--exclude``.
        before: The graph that ``state:`` compares with.

    Raises:
        SelectorError: If a selector cannot be read, or names something that there is not.

    Example:
        ``select(graph, ["+silver.orders,tag:nightly"])``
    """
    search = _Search(graph, before)
    chosen = _union(search, include) if include else set(graph.by_id)
    chosen -= _union(search, exclude)
    return tuple(node.id for node in graph.nodes if node.id in chosen)


def _union(search: _Search, texts: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for part in (part for text in texts for part in text.split()):
        matches = [_chosen(search, _read(one)) for one in part.split(",")]
        found |= set.intersection(*matches)
    return found


def _read(text: str) -> _Criterion:
    match = _CRITERION.fullmatch(text)
    if match is None:
        raise SelectorError(
            f"`{text}` is not a selector", hint="such as `+silver.orders`, `layer:gold` or `tag:nightly`"
        )
    if match["at"] and (match["descendants"] or match["ancestors"]):
        raise SelectorError(f"`{text}`: `@` already goes both ways, so `+` cannot stand beside it")
    return _Criterion(
        text=text,
        method=match["method"] or _default_method(match["value"]),
        value=match["value"],
        has_ancestors=bool(match["ancestors"]),
        up=int(match["up"]) if match["up"] else None,
        has_descendants=bool(match["descendants"]),
        down=int(match["down"]) if match["down"] else None,
        with_needs=bool(match["at"]),
    )


def _default_method(value: str) -> str:
    if "/" in value:
        return "path"
    return "file" if value.endswith(_FILES) else "fqn"


def _chosen(search: _Search, one: _Criterion) -> set[str]:
    method = _METHODS.get(one.method)
    if method is None:
        hint = did_you_mean(one.method, _METHODS, otherwise=f"there are {listing(_METHODS)}")
        raise SelectorError(f"`{one.text}`: there is no method `{one.method}`", hint)
    found = set(method(search, one.value))
    graph, chosen = search.graph, set(found)
    if one.has_ancestors:
        chosen |= _reached(graph.parents, found, one.up)
    if one.has_descendants:
        chosen |= _reached(graph.children, found, one.down)
    if one.with_needs:
        readers = found | _reached(graph.children, found, None)
        chosen |= readers | _reached(graph.parents, readers, None)
    return chosen


def _reached(steps: Mapping[str, tuple[str, ...]], starts: Collection[str], depth: int | None) -> set[str]:
    """What lies at most ``depth`` steps from any of the starts."""
    seen, edge, walked = set(starts), set(starts), 0
    while edge and (depth is None or walked < depth):
        edge = {further for one in edge for further in steps[one]} - seen
        seen |= edge
        walked += 1
    return seen


def _matches(pattern: str, text: str) -> bool:
    return fnmatchcase(text.lower(), pattern.lower())


def _by_name(search: _Search, value: str) -> Collection[str]:
    """By dbt's ``fqn``: a name, an id, or the first folders of a model; the project's name may stand in front."""
    nodes = [node for node in search.graph.nodes if node.is_model]
    found = [node.id for node in nodes if _is_named(node, value, search.graph.project)]
    if not found and not _WILDCARDS.search(value):
        raise SelectorError(f"no model is named `{value}`", _model_hint(value, nodes))
    return found


def _is_named(node: Node, value: str, project: str) -> bool:
    parts = [project, *_folders(node), node.name]
    own = {node.name, node.id, node.dataset, ".".join(parts), ".".join(parts[1:])}
    if any(_matches(value, name) for name in own):
        return True
    wanted = value.split(".")
    return any(len(wanted) <= len(names) and all(map(_matches, wanted, names)) for names in (parts, parts[1:]))


def _folders(node: Node) -> list[str]:
    """The folders below ``models/`` that a model stands in."""
    return node.path.split("/")[1:-1]


def _model_hint(value: str, nodes: Sequence[Node]) -> str | None:
    names = dict.fromkeys([*(node.id for node in nodes), *(node.name for node in nodes)])
    return did_you_mean(value, names, otherwise="`cbx list` prints the models")


def _by_path(search: _Search, value: str) -> Collection[str]:
    wanted = value.rstrip("/").removeprefix("./")
    found = [
        node.id
        for node in search.graph.nodes
        if node.is_model and any(fnmatchcase(path, wanted) for path in _paths(node.path))
    ]
    known = {path for node in search.graph.nodes if node.is_model for path in _paths(node.path)}
    return _found(found, "path", wanted, known)


def _paths(path: str) -> list[str]:
    """A file and the folders that it stands in: ``a/b/c`` gives ``a``, ``a/b`` and ``a/b/c``."""
    parts = path.split("/")
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def _by_source(search: _Search, value: str) -> Collection[str]:
    sources = [node for node in search.graph.nodes if not node.is_model]
    found = [
        node.id for node in sources if _matches(value, node.name) or node.name.lower().startswith(f"{value.lower()}.")
    ]
    return _found(found, "source", value, [node.name for node in sources])


def _by_state(search: _Search, value: str) -> Collection[str]:
    """By content: the hashes of a model's file and of the notebook that it compiles to."""
    if search.before is None:
        hint = "give the manifest to compare with: --state-manifest FILE"
        raise SelectorError(f"`state:{value}` has nothing to compare with", hint)
    before = search.before.by_id
    states: Mapping[str, Callable[[Node], bool]] = {
        "new": lambda node: node.id not in before,
        "old": lambda node: node.id in before,
        "modified": lambda node: node.id not in before or node.hashes != before[node.id].hashes,
        "unmodified": lambda node: node.id in before and node.hashes == before[node.id].hashes,
    }
    if value not in states:
        hint = did_you_mean(value, states, otherwise=f"there are {listing(states)}")
        raise SelectorError(f"there is no state `{value}`", hint)
    return [node.id for node in search.graph.nodes if states[value](node)]


def _by(what: str, values: Callable[[Node], Iterable[str]], known: Callable[[GraphDocument], Iterable[str]]) -> _Method:
    """A method that compares one property of the nodes."""

    def method(search: _Search, value: str) -> Collection[str]:
        found = [node.id for node in search.graph.nodes if any(_matches(value, one) for one in values(node))]
        choices = {one for node in search.graph.nodes for one in values(node)} | set(known(search.graph))
        return _found(found, what, value, choices)

    return method


def _found(found: list[str], what: str, value: str, known: Collection[str]) -> list[str]:
    """What was found; nothing is an error, unless the value is known or a pattern, which may match nothing."""
    if found or value in known or _WILDCARDS.search(value):
        return found
    otherwise = f"there are {listing(sorted(known))}" if known else f"the project has no {what}"
    raise SelectorError(f"no {what} `{value}`", did_you_mean(value, known, otherwise))


_KINDS = ("streaming_table", "materialized_view", "view", "auto_cdc")
_kind = _by("kind", lambda node: [node.kind] if node.is_model else [], lambda _: _KINDS)
_tag = _by("tag", lambda node: node.tags, lambda _: ())

_METHODS: Mapping[str, _Method] = {
    "fqn": _by_name,
    "path": _by_path,
    "file": _by(
        "file",
        lambda node: (
            [node.path.rpartition("/")[2], node.path.rpartition("/")[2].rpartition(".")[0]] if node.is_model else []
        ),
        lambda _: (),
    ),
    "layer": _by("layer", lambda node: [node.layer] if node.is_model else [], lambda graph: graph.layers),
    "tag": _tag,
    "kind": _kind,
    "owner": _by("owner", lambda node: [node.owner] if node.owner else [], lambda _: ()),
    "source": _by_source,
    "state": _by_state,
    "resource_type": _by("resource type", lambda node: [node.resource_type], lambda _: ("model", "source")),
    "config.materialized": _kind,
    "config.tags": _tag,
}
