"""Requests and outcomes of tracing, as plain data for a pipe and a cache."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cbx.analysis.facts import TableColumn
from cbx.syntax.declarations import Snippet


@dataclass(frozen=True, slots=True)
class Frame:
    """The argument for a parameter of a model's function.

    Attributes:
        parameter: The parameter's name.
        name: The model or table that is read, for messages and to find its columns.
        columns: The columns; None if they are unknown.
    """

    parameter: str
    name: str
    columns: tuple[TableColumn, ...] | None


@dataclass(frozen=True, slots=True)
class Function:
    """A model's function, with all the code it needs.

    Attributes:
        model: The model's id.
        name: The function's name.
        imports: The imports, as the text of a Python file.
        definitions: The definitions it needs, in an order that works.
        source: The function itself.
        inputs: The arguments for its parameters.
    """

    model: str
    name: str
    imports: str
    definitions: tuple[Snippet, ...]
    source: Snippet
    inputs: tuple[Frame, ...]

    def to_json(self) -> str:
        """The request, as one line."""
        return json.dumps(asdict(self), separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Limits:
    """What the code of one model may use.

    Attributes:
        seconds: Processor time, which does not depend on the load of the machine.
        memory: Bytes of memory in addition to those of the process.
    """

    seconds: float = 20.0
    memory: int = 2 << 30

    @property
    def wall_seconds(self) -> float:
        """How long to wait for an answer; only code that waits for something takes so long."""
        return 10 * self.seconds


@dataclass(frozen=True, slots=True)
class UndeclaredRead:
    """A table, files or a query that a model's code reads without declaring it as an input.

    Attributes:
        kind: ``table``, ``files`` or ``query``.
        text: The table's name, the paths, or the query.
        frames: The names of the frames that a query was given.
        is_streaming: Whether it reads new rows only.
        file: The file of the call.
        line: The line in the file.
    """

    kind: str
    text: str
    frames: tuple[str, ...]
    is_streaming: bool
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class CodeMistake:
    """An error in the code of a model that makes every run fail.

    Attributes:
        message: The exception, in one line.
        hint: How to fix it.
        file: The file of the call; empty for an import.
        line: The line in the file.
        word: The name that cannot be imported; empty for any other mistake.
    """

    message: str
    hint: str
    file: str
    line: int
    word: str = ""


@dataclass(frozen=True, slots=True)
class Traced:
    """A model that was traced.

    Attributes:
        plan: The plan, for `from_plan.read_plan`.
        columns: The columns of the result with their exact types; a type is None if it depends on an unknown one. None
            if the engine does not support the plan.
        trouble: The engine's error message if it could not analyse the plan.
        reads: The tables and files that the code reads without declaring them.
    """

    plan: Mapping[str, Any]
    columns: tuple[TableColumn, ...] | None
    trouble: str | None = None
    reads: tuple[UndeclaredRead, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """The model could not be traced.

    Attributes:
        reason: Why, in one line.
        is_lasting: Whether the next attempt has the same result; not if the machine is the cause, such as a module
            that is not installed or a timeout.
        is_for_inputs: Whether the cause is that the model's inputs are not known.
        is_no_answer: Whether tracing itself failed: a limit was exceeded, or its process ended or did not start. The
            next attempt may succeed.
        mistake: The mistake that makes every run fail, if that is certain.
        reads: The tables and files that the code read before without declaring them.
    """

    reason: str
    is_lasting: bool = True
    is_for_inputs: bool = False
    is_no_answer: bool = False
    mistake: CodeMistake | None = None
    reads: tuple[UndeclaredRead, ...] = ()

    @classmethod
    def no_answer(cls, reason: str) -> Unknown:
        """Tracing failed."""
        return cls(reason, is_lasting=False, is_no_answer=True)


@dataclass(frozen=True, slots=True)
class MissingExtra:
    """The extra for tracing is not installed."""

    install: str = "pip install 'circuit-box[trace]'"

    @property
    def reason(self) -> str:
        """Why nothing was traced, and how to fix it."""
        return f"tracing needs the extra `trace`: {self.install}"


Outcome = Traced | Unknown | MissingExtra


def outcome_to_data(outcome: Traced | Unknown) -> dict[str, Any]:
    """An outcome as JSON data."""
    if isinstance(outcome, Unknown):
        mistake = None if outcome.mistake is None else asdict(outcome.mistake)
        return {"unknown": outcome.reason, "mistake": mistake, "reads": [asdict(read) for read in outcome.reads]}
    columns = None
    if outcome.columns is not None:
        columns = [[column.name, column.type, column.not_null] for column in outcome.columns]
    reads = [asdict(read) for read in outcome.reads]
    return {"plan": outcome.plan, "columns": columns, "trouble": outcome.trouble, "reads": reads}


def outcome_from_data(data: Mapping[str, Any]) -> Traced | Unknown:
    """An outcome from JSON data.

    Raises:
        KeyError, TypeError, ValueError: The data is not an outcome.
    """
    if "unknown" in data:
        if data.get("no_answer"):
            return Unknown.no_answer(str(data["unknown"]))
        mistake = CodeMistake(**data["mistake"]) if data.get("mistake") else None
        return Unknown(
            str(data["unknown"]), is_lasting=not data.get("passes"), mistake=mistake, reads=_undeclared_reads(data)
        )
    columns = data["columns"]
    known_columns = None if columns is None else tuple(TableColumn(name, kind, never) for name, kind, never in columns)
    return Traced(data["plan"], known_columns, data["trouble"], _undeclared_reads(data))


def _undeclared_reads(data: Mapping[str, Any]) -> tuple[UndeclaredRead, ...]:
    return tuple(UndeclaredRead(**{**read, "frames": tuple(read["frames"])}) for read in data.get("reads", ()))
