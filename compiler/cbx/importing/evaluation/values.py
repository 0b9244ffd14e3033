"""The values of names and expressions in a notebook, as far as they are known without running it.

Plain Python values (texts, numbers, lists, dictionaries) stand for themselves.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final


class UnknownValue:
    """A value that only running the code would give."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("the truth of an unknown value")


UNKNOWN: Final = UnknownValue()
LARGEST: Final = 1_000_000
"""The most characters and items of a value that is followed."""


@dataclass(frozen=True, slots=True)
class ConfigurationValue:
    """A value of the pipeline's configuration: its key, and the default that the code gives."""

    key: str
    default: str | None


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """A text with values of the configuration in it."""

    parts: tuple[str | ConfigurationValue, ...]

    @classmethod
    def join(cls, values: Iterable[str | TextTemplate]) -> str | TextTemplate:
        """The concatenation of texts."""
        parts: list[str | ConfigurationValue] = []
        for value in values:
            for part in value.parts if isinstance(value, TextTemplate) else (value,):
                if isinstance(part, str) and parts and isinstance(parts[-1], str):
                    parts[-1] += part
                elif part != "":
                    parts.append(part)
        if all(isinstance(part, str) for part in parts):
            return "".join(part for part in parts if isinstance(part, str))
        return cls(tuple(parts))

    def keys(self) -> Iterator[ConfigurationValue]:
        """The values of the configuration in it."""
        return (part for part in self.parts if isinstance(part, ConfigurationValue))


@dataclass(frozen=True, slots=True)
class LibraryName:
    """Something of a library, or of the notebook's environment, by its full name: ``dlt.table``, ``spark.read``."""

    name: str


@dataclass(frozen=True, slots=True)
class LibraryCall:
    """The result of calling something of a library, with known arguments: ``col("id")``.

    ``on`` is the result of the call on which a method was called.
    """

    name: str
    arguments: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...]
    on: LibraryCall | None = None


@dataclass(frozen=True, slots=True)
class SecretText:
    """A text with secrets in it, each with its scope and its key. Options alone may have it, so it is no template."""

    parts: tuple[str | TextTemplate | tuple[str | TextTemplate, str | TextTemplate], ...]

    @classmethod
    def join(cls, values: Iterable[Any]) -> Any:
        """The concatenation of texts, of which at least one may be secret."""
        texts: list[Any] = []
        for value in values:
            texts += value.parts if isinstance(value, SecretText) else (value,)
        return cls(tuple(texts)) if any(isinstance(text, tuple) for text in texts) else TextTemplate.join(texts)


def read_secret(name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> SecretText | None:
    """The text of a call that reads a secret; None for another call, and where scope or key are not known."""
    names = {**dict(zip(("scope", "key"), arguments, strict=False)), **keywords}
    is_text = all(isinstance(names.get(word), (str, TextTemplate)) for word in ("scope", "key"))
    return (
        SecretText(((names["scope"], names["key"]),))
        if name == "dbutils.secrets.get" and is_text and len(names) == 2
        else None
    )


@dataclass(eq=False, slots=True)
class NameScope:
    """The names of a file, or of a function in it.

    Attributes:
        file: The number of the file whose code it is.
        parent: The scope around it.
        values: The values of the names.
    """

    file: int
    parent: NameScope | None = None
    values: dict[str, Any] = field(default_factory=dict)

    def look_up(self, name: str) -> Any:
        """The value of a name; UNKNOWN if no scope has it."""
        scope = self.holder(name)
        return UNKNOWN if scope is None else scope.values[name]

    def holder(self, name: str) -> NameScope | None:
        """The scope that has a name."""
        scope: NameScope | None = self
        while scope is not None and name not in scope.values:
            scope = scope.parent
        return scope

    @property
    def outermost(self) -> NameScope:
        """The scope of the file."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope


FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(eq=False, slots=True)
class UserFunction:
    """A function of the notebook, and the scope in which it was defined.

    Attributes:
        node: Its definition.
        scope: Where it was defined.
        defaults: The values of the defaults of its parameters.
    """

    node: FunctionNode
    scope: NameScope
    defaults: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LocalModule:
    """A module beside the notebooks: its file's number and its scope."""

    file: int
    scope: NameScope


def is_plain(value: Any) -> bool:
    """Whether a value can be written as a literal."""
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(is_plain(key) and is_plain(item) for key, item in value.items())
    return value is None or isinstance(value, (str, int, float, bool))


def is_known(value: Any) -> bool:
    """Whether every part of a value is known, and it is not larger than `LARGEST`.

    A part that a value has several times counts as often, since a text of the value has it as often.
    """
    size = 0
    pending = [value]
    while pending:
        part = pending.pop()
        size += _own_size(part)
        if part is UNKNOWN or size > LARGEST:
            return False
        if isinstance(part, (list, tuple)):
            pending += part
        elif isinstance(part, dict):
            pending += [*part.keys(), *part.values()]
    return True


def _own_size(value: Any) -> int:
    match value:
        case str():
            return len(value) + 1
        case int():
            return value.bit_length() // 8 + 1
        case TextTemplate(parts=parts):
            return sum(len(part) for part in parts if isinstance(part, str)) + 1
        case _:
            return 1


def library_module(name: str) -> str:
    """The full name of a module, with one name for each of the modules of the pipeline's API."""
    if name in {"pyspark.pipelines", "databricks.pipelines", "databricks.declarative_pipelines"}:
        return "dp"
    return name
