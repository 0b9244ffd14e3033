"""Puts together what belongs to one table: its definition, the flows that write it, and what they read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from cbx.importing.definitions import (
    FoundChanges,
    FoundDataset,
    FoundDefinition,
    FoundFlow,
    FoundOther,
    FoundQuery,
    Origin,
    TableSettings,
    default_text,
)
from cbx.importing.evaluation.values import UserFunction
from cbx.importing.python.function_reads import FunctionCode, FunctionReads, as_query
from cbx.importing.reads import FileInputRead, InputRead, TableInputRead
from cbx.importing.sql.queries import ReadQuery, read_query
from cbx.runtime.names import DatasetName, InvalidNameError

ModelKind = Literal[
    "streaming_table", "materialized_view", "view", "auto_cdc", "auto_cdc_from_snapshot", "flow", "sink"
]


@dataclass(frozen=True, slots=True)
class CodePart:
    """A function or a query whose rows a table has; ``name`` is the name of its flow, ``columns`` renames."""

    name: str
    code: FunctionCode | ReadQuery
    columns: tuple[str, ...] = ()

    @property
    def reads(self) -> tuple[InputRead, ...]:
        """What it reads."""
        if isinstance(self.code, ReadQuery):
            return self.code.reads
        return tuple(read for place in self.code.reads.reads for read in (place.read, *place.others)) + tuple(
            read for query in self.code.reads.queries for read in read_query(query.text).reads
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A table or view of the pipeline, or a further flow into a table, that may become a model.

    Attributes:
        key: Its name as it is compared.
        dataset: Its definition.
        kind: The kind of the model.
        part: The code with its rows; None for AUTO CDC.
        changes: The flow of changes, for AUTO CDC.
        origins: Where it is defined, and the flow with its rows.
        problems: Why it cannot be a model.
        into: The table that a further flow writes: its key; None for tables and views.
        is_once: Whether a further flow runs once.
    """

    key: str
    dataset: FoundDataset
    kind: ModelKind
    part: CodePart | None
    changes: FoundChanges | None
    origins: tuple[Origin, ...]
    problems: tuple[str, ...]
    into: str | None = None
    is_once: bool = False

    @property
    def reads(self) -> tuple[InputRead, ...]:
        """What its code reads."""
        own = () if self.part is None else self.part.reads
        return own if self.source is None else (*own, self.source)

    @property
    def source(self) -> TableInputRead | None:
        """The source of its changes."""
        if self.changes is None:
            return None
        return TableInputRead(self.changes.source, is_stream=not (self.is_once or self.changes.is_snapshot))


def table_key(name: str) -> str:
    """The name of a table as it is compared: in lower case, without catalog and LIVE."""
    try:
        return DatasetName.parse(name).key
    except InvalidNameError:
        return name.lower()


def read_key(read: InputRead, configuration: Mapping[str, str]) -> str | None:
    """The name, as it is compared, of the table that is read; None for files."""
    if not isinstance(read, TableInputRead):
        return None
    text = default_text(read.name, configuration)
    return None if text is None else table_key(text)


def collect_candidates(
    found: Sequence[FoundDefinition], reads_of: Callable[[UserFunction], FunctionReads]
) -> tuple[Candidate, ...]:
    """The candidates among definitions; flows to tables that the pipeline does not define are left out."""
    datasets: dict[str, list[FoundDataset]] = {}
    for definition in found:
        if isinstance(definition, FoundDataset):
            datasets.setdefault(table_key(definition.name), []).append(definition)
    return tuple(
        candidate for key, same in datasets.items() for candidate in _candidates_of_table(key, same, found, reads_of)
    )


def _candidates_of_table(
    key: str,
    same: Sequence[FoundDataset],
    found: Sequence[FoundDefinition],
    reads_of: Callable[[UserFunction], FunctionReads],
) -> Iterator[Candidate]:
    """A table with the first of its flows, and its further flows."""
    dataset = same[0]
    writers = [
        definition
        for definition in found
        if not isinstance(definition, FoundDataset)
        and definition.target is not None
        and table_key(definition.target) == key
    ]
    flows = sorted((writer for writer in writers if isinstance(writer, FoundFlow)), key=lambda flow: flow.is_once)
    changes = sorted((writer for writer in writers if isinstance(writer, FoundChanges)), key=lambda flow: flow.is_once)
    others = [writer for writer in writers if isinstance(writer, FoundOther)]
    own = [] if dataset.code is None else [_part(dataset.name, dataset.code, reads_of)]
    parts = [*own, *(_part(flow.name, flow.code, reads_of) for flow in flows if flow.code is not None)]
    problems = [*dataset.problems]
    problems += [problem for writer in writers if not isinstance(writer, FoundOther) for problem in writer.problems]
    problems += ["it is defined twice"] if len(same) > 1 else []
    problems += [other.problem or f"it is written by {other.what}" for other in others]
    problems += _problems_of_flows(dataset, flows, changes, is_written=bool(writers))
    problems += [problem for part in parts for problem in _problems_of_code(part)]
    kind = _kind(dataset, parts, changes)
    problems += _problems_of_settings(dataset.settings, kind, parts)
    further: list[FoundFlow | FoundChanges] = [*flows[(0 if own else 1) :], *changes[1:]]
    origins = [definition.origin for definition in (*same, *writers) if definition not in further]
    part, first = parts[0] if parts else None, changes[0] if changes else None
    yield Candidate(key, dataset, kind, part, first, tuple(origins), tuple(dict.fromkeys(problems)))
    for number, flow in enumerate(further, 2):
        yield _further_flow(key, dataset, flow, flow.name or f"{dataset.name}_{number}", reads_of)


def _further_flow(
    key: str,
    dataset: FoundDataset,
    flow: FoundFlow | FoundChanges,
    name: str,
    reads_of: Callable[[UserFunction], FunctionReads],
) -> Candidate:
    """A further flow into a table, whose columns have the types of the table."""
    columns = TableSettings(columns=dataset.settings.columns)
    of_flow = FoundDataset(name, "streaming_table", flow.origin, None, settings=columns)
    code = flow.code if isinstance(flow, FoundFlow) else None
    part = None if code is None else _part(name, code, reads_of)
    changes = flow if isinstance(flow, FoundChanges) else None
    return Candidate(f"{key} {name}", of_flow, "flow", part, changes, (flow.origin,), (), key, flow.is_once)


def _problems_of_settings(settings: TableSettings, kind: ModelKind, parts: Sequence[CodePart]) -> list[str]:
    reads_files = any(isinstance(read, FileInputRead) for part in parts for read in part.reads)
    problems = []
    if reads_files and any(column.has_mask for column in settings.columns):
        problems.append("a mask needs declared columns, which would be taken for those of the files")
    if kind == "view" and "spark_conf" in settings.options:
        problems.append("a view has no Spark settings")
    return problems


def _problems_of_code(part: CodePart) -> tuple[str, ...]:
    code = part.code
    return code.problems if isinstance(code, ReadQuery) else code.reads.problems


def _part(name: str, code: UserFunction | FoundQuery, reads_of: Callable[[UserFunction], FunctionReads]) -> CodePart:
    if isinstance(code, FoundQuery):
        return CodePart(name, read_query(code.text if isinstance(code.text, str) else ""), code.columns)
    reads = reads_of(code)
    query = as_query(reads)
    if query is not None and isinstance(query.text, str):
        return CodePart(name, read_query(query.text))
    return CodePart(name, FunctionCode(code, reads))


def _problems_of_flows(
    dataset: FoundDataset, flows: Sequence[FoundFlow], changes: Sequence[FoundChanges], *, is_written: bool
) -> list[str]:
    problems = []
    own = dataset.code is not None
    if not own and [*flows, *changes] and all([flow.is_once for flow in flows] + [flow.is_once for flow in changes]):
        problems.append("all its flows run once")
    if len({_how_applied(flow) for flow in changes}) > 1:
        problems.append("its flows apply changes in several ways")
    if len(changes) > 1 and changes[0].is_snapshot:
        problems.append("several flows of snapshots write it")
    if dataset.kind == "sink" and len(flows) > 1:
        problems.append("several flows write it")
    if changes and (flows or own):
        problems.append("a model has either a flow of changes or queries")
    if not own and not is_written:
        problems.append("no flow of these files writes it")
    if len(flows) + own > 1 and not all(flow.by_name for flow in flows):
        problems.append("its flows insert by position")
    return problems


def _how_applied(flow: FoundChanges) -> str:
    """How a flow applies changes, which is the same for all flows into a model."""
    return repr(replace(flow, source="", origin=None, name=None, is_once=False))  # type: ignore[arg-type] # compared only


def _kind(dataset: FoundDataset, parts: Sequence[CodePart], changes: Sequence[FoundChanges]) -> ModelKind:
    if changes:
        return "auto_cdc_from_snapshot" if changes[0].is_snapshot else "auto_cdc"
    if dataset.kind in {"view", "materialized_view", "streaming_table", "sink"}:
        return dataset.kind
    reads = [read for part in parts for read in part.reads]
    is_streaming = any(isinstance(read, FileInputRead) or read.is_stream for read in reads)
    return "streaming_table" if is_streaming else "materialized_view"


_CHANGING: Final[Mapping[str, str]] = {
    "materialized_view": "a materialized view",
    "auto_cdc": "the target of AUTO CDC",
    "auto_cdc_from_snapshot": "the target of AUTO CDC",
}


def check_streams(candidates: Sequence[Candidate], configuration: Mapping[str, str]) -> tuple[Candidate, ...]:
    """Add the problems of reads that no model can have: streams of tables whose rows change, and the reverse."""
    by_key = {candidate.key: candidate for candidate in candidates}
    streaming = _streaming_views(candidates)

    def problem(read: InputRead) -> str | None:
        other = by_key.get(read_key(read, configuration) or "")
        if other is None or not isinstance(read, TableInputRead):
            return None
        if read.is_stream and other.kind in _CHANGING:
            return f"it streams from `{other.dataset.name}`, {_CHANGING[other.kind]}, whose rows change"
        if read.is_stream and other.kind == "view" and other.key not in streaming:
            return f"it streams from `{other.dataset.name}`, a view that is no stream"
        if not read.is_stream and other.kind == "view" and other.key in streaming:
            return f"it reads the stream `{other.dataset.name}` in batch"
        return None

    return tuple(
        replace(
            candidate,
            problems=tuple(dict.fromkeys((*candidate.problems, *filter(None, map(problem, candidate.reads))))),
        )
        for candidate in candidates
    )


def _streaming_views(candidates: Sequence[Candidate]) -> frozenset[str]:
    """The views that are streams."""
    return frozenset(
        candidate.key
        for candidate in candidates
        if candidate.kind == "view"
        and any(isinstance(read, FileInputRead) or read.is_stream for read in candidate.reads)
    )


def leave_with_neighbours(candidates: Iterable[Candidate], found: Iterable[FoundDefinition]) -> tuple[Candidate, ...]:
    """Leave what shares a statement with something that is left: a statement is moved as a whole, or not at all."""
    candidates = tuple(candidates)
    kept = {origin for candidate in candidates for origin in candidate.origins}
    blocked = {
        (definition.origin.file, definition.origin.statement): definition
        for definition in found
        if definition.origin not in kept or isinstance(definition, FoundOther)
    }
    reasons = {place: f"it is defined by the same statement as {_what(other)}" for place, other in blocked.items()}
    while True:
        candidates = _leave_flows(candidates)
        for candidate in candidates:
            if candidate.problems:
                reasons |= {
                    (origin.file, origin.statement): reasons.get((origin.file, origin.statement))
                    or f"it is defined by the same statement as `{candidate.dataset.name}`"
                    for origin in candidate.origins
                }
        again = tuple(candidate if candidate.problems else _leave(candidate, reasons) for candidate in candidates)
        if again == candidates:
            return candidates
        candidates = again


def _leave_flows(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Leave a table with all of its flows, or none of them."""
    reasons = {candidate.key: candidate.problems[0] for candidate in candidates if candidate.problems}
    for candidate in candidates:
        if candidate.into is not None and candidate.problems:
            reasons.setdefault(candidate.into, f"its flow `{candidate.dataset.name}` is left: {candidate.problems[0]}")
    return tuple(
        candidate
        if candidate.problems or (reason := reasons.get(candidate.into or candidate.key)) is None
        else replace(candidate, problems=(reason,))
        for candidate in candidates
    )


def _what(definition: FoundDefinition) -> str:
    if isinstance(definition, FoundOther):
        return definition.what
    return f"`{definition.name if isinstance(definition, (FoundDataset, FoundFlow)) else definition.target}`"


def _leave(candidate: Candidate, reasons: Mapping[tuple[int, int], str]) -> Candidate:
    places = [(origin.file, origin.statement) for origin in candidate.origins]
    found = [reasons[place] for place in places if place in reasons]
    return replace(candidate, problems=tuple(found[:1])) if found else candidate
