"""The secrets that a run does not need, since files stand in for what they open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from cbx.declare.outside_systems import STREAMING_SERVICES
from cbx.stages.inputs import FileInput, ReaderInput
from cbx.stages.resolved_model import PythonCode
from cbx.syntax.text import REDACTED, Secret, Text, Variable

if TYPE_CHECKING:
    from cbx.runtime.results import StandInPaths
    from cbx.stages.plan import Plan
    from cbx.stages.resolved_model import ResolvedModel

_LOCAL_SINKS = frozenset({"kafka", "delta"})
"""The formats of sinks that write files on a laptop."""


def unused_secrets(plan: Plan, stand_ins: StandInPaths, configuration: Mapping[str, str]) -> dict[str, str]:
    """A value for each secret that a run does not need, by ``scope.key``; none if code may read secrets itself.

    Args:
        plan: The plan of the project.
        stand_ins: What stands in for tables and streams.
        configuration: The configuration of the run, which has the values of variables.
    """
    models = [planned.model for planned in plan.models]
    if any("dbutils" in text for model in models for text in _code(model)):
        return {}

    def fill(parts: Iterable[object]) -> str:
        return "".join(
            configuration.get(plan.project.configuration_key(part.name), "")
            if isinstance(part, Variable)
            else str(part)
            for part in parts
        )

    used: set[str] = set()
    unused: set[str] = set()
    for model in models:
        for options, is_used in _options(model, stand_ins, fill):
            names = (f"{fill(secret.scope)}.{fill(secret.key)}" for secret in _secrets(options))
            (used if is_used else unused).update(names)
    return dict.fromkeys(sorted(unused - used), REDACTED)


def _code(model: ResolvedModel) -> Iterator[str]:
    if isinstance(model.code, PythonCode):
        yield from (snippet.text for snippet in (model.code.source, *model.code.definitions))


Options = tuple[tuple[str, Text], ...]


def _options(
    model: ResolvedModel, stand_ins: StandInPaths, fill: Callable[[Iterable[object]], str]
) -> Iterator[tuple[Options, bool]]:
    """The options of each input and sink, and whether a run needs their secrets."""
    for source in model.inputs:
        if isinstance(source, FileInput):
            yield source.options, False
        elif isinstance(source, ReaderInput):
            yield source.options, not _stands_in(source.format.lower(), fill(source.name.parts), stand_ins)
    if model.sink is not None:
        yield model.sink.options, model.sink.format not in _LOCAL_SINKS


def _secrets(options: Options) -> Iterator[Secret]:
    return (part for _, value in options for part in value.parts if isinstance(part, Secret))


def _stands_in(format_name: str, name: str, stand_ins: StandInPaths) -> bool:
    """Whether files stand in for all that a reader reads."""
    if format_name in STREAMING_SERVICES:
        return format_name in stand_ins.streams or set(name.split(",")) <= stand_ins.streams.keys()
    return any(f".{name}".lower().endswith(f".{table}".lower()) for table in stand_ins.tables)
