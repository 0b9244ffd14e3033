"""From the syntax of a call to the document of its word, with the span of every value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import ValidationError

from cbx.declare.documents import DOCUMENTS, Document
from cbx.declare.foreign_words import FOREIGN_ARGUMENTS
from cbx.declare.signatures import (
    DATA_TESTS,
    EXPECTATIONS,
    INPUTS,
    KINDS,
    MODEL_INPUTS,
    READER_INPUTS,
    RELATIONSHIPS,
    SEED,
    SIGNATURES,
)
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Report, did_you_mean, listing
from cbx.diagnostics.did_you_mean import nearest
from cbx.diagnostics.source_files import Span
from cbx.syntax.declarations import Argument, Call, DictLiteral, ListLiteral, Literal, Value
from cbx.syntax.spans import Spans, ValuePath


@dataclass(frozen=True)
class ReadCall:
    """A call with checked arguments: its word, its document and the spans in it."""

    word: str
    document: Document
    spans: Spans
    unread: frozenset[str]


def read_document(call: Call, report: Report) -> ReadCall | None:
    """Check the arguments of a call.

    Returns:
        The document, or None after diagnostics: CBX102 for an argument that the word does not have, CBX103 for
        a value of the wrong type, CBX403 for a missing argument. A kind always has a document, and an input if
        what it reads is known: wrong arguments keep their defaults and are listed in ``unread``, so that the rest
        can be checked.
    """
    spans: dict[ValuePath, Span] = {}
    call = _join_project(call)
    arguments = _named_arguments(call, report)
    fields = _fields_of(call.function)
    values: dict[str, Any] = {}
    unread = set(call.unread)
    for name, argument in arguments.items():
        value = _read_plain(argument.value, (name,), spans, report)
        if value is _BAD:
            unread.add(name)
        is_usable = name not in unread or _is_usable(name, value)
        if is_usable and (value is not None or fields.get(name, True)):
            values[name] = value
    for name in sorted(arguments.keys() - fields.keys()):
        values.pop(name, None)
        meant, hint = _guess_argument(name, call.function)
        unread |= (fields.keys() - arguments.keys()) if meant is None else {meant}
        message = f"`{call.function}` has no argument `{name}`"
        report.add(codes.UNKNOWN_ARGUMENT, message, arguments[name].span, label="unknown", hint=hint)
    return _validate(call, values, unread, Spans(call.span, spans), report)


def _join_project(call: Call) -> Call:
    """The call with one name instead of two, as in dbt: ``ref("crm", "silver.customers")``."""
    match call.arguments:
        case (
            Argument(name=None, value=Literal(value=str(project))),
            Argument(name=None, value=Literal(value=str(model)) as literal) as argument,
            *rest,
        ) if _names_project(call.function, rest):
            joined = argument._replace(value=literal._replace(value=f"{project}:{model}"))
            return call._replace(arguments=(joined, *rest))
        case _:
            return call


def _names_project(word: str, rest: Sequence[Argument]) -> bool:
    """Whether the first of two texts is a project: a relationship has its columns in a further argument."""
    has_columns = any(argument.name in {None, "on"} for argument in rest)
    return (word in MODEL_INPUTS and not rest) or (word in RELATIONSHIPS and has_columns)


def _guess_argument(name: str, word: str) -> tuple[str | None, str]:
    """The argument that was probably meant, and a hint; an argument of a kind with a dataset means itself."""
    fields, foreign = _fields_of(word), FOREIGN_ARGUMENTS.get(name)
    owners = [kind for kind in KINDS if word in KINDS and kind not in {"flow", "sink"} and name in _fields_of(kind)]
    if owners and foreign is None:
        return name, _IN_TARGET if word == "flow" else f"it is an argument of {listing(owners)}"
    near = nearest(name, fields)
    if foreign is not None and (near is None or foreign.meant in fields):
        return (foreign.meant if foreign.meant in fields else None), foreign.hint
    return near, f"did you mean `{near}`?" if near is not None else f"it takes {', '.join(fields)}"


_IN_TARGET = "declare it in the target, whose rows these are"
_BAD = object()


@cache
def document_of(word: str) -> type[Document] | None:
    """The document of a word; None for ``var``, ``secret`` and ``each``, which become templates and values.

    The documents of words that few projects have are imported when such a word is read: a class takes a while to make.
    """
    if word in DOCUMENTS:
        return DOCUMENTS[word]
    from cbx.declare.rare_documents import RARE_DOCUMENTS

    return RARE_DOCUMENTS.get(word)


@cache
def _fields_of(word: str) -> Mapping[str, bool]:
    """The arguments of a word, and whether they are required."""
    return {name: field.is_required() for name, field in _document(word).model_fields.items()}


def _document(word: str) -> type[Document]:
    document = document_of(word)
    if document is None:
        raise AssertionError(word)
    return document


def _is_usable(name: str, value: Any) -> bool:
    """Whether the readable part of an argument can be used: the valid items of a list with an invalid one."""
    return name in {"expectations", "relationships", "tests"} and isinstance(value, tuple)


def _named_arguments(call: Call, report: Report) -> dict[str, Argument]:
    named: dict[str, Argument] = {}
    order = SIGNATURES.get(call.function, ())
    positional = [argument for argument in call.arguments if argument.name is None]
    for argument in positional[len(order) :]:
        count = f"{len(order)} argument{'s' if len(order) > 1 else ''}"
        takes = f"takes only {count} without a name" if order else "takes named arguments only"
        message = f"`{call.function}` {takes}"
        first = positional[0].value
        causes = [Cause("models/", f"model {first.value}")] if order and isinstance(first, Literal) else []
        report.add(codes.UNKNOWN_ARGUMENT, message, argument.span, hint=_suggest_spelling(call), causes=causes)
    named.update(dict(zip(order, positional, strict=False)))
    for argument in call.arguments:
        if argument.name is None:
            continue
        if argument.name in named:
            message = f"`{call.function}` is given `{argument.name}` twice"
            report.add(codes.UNKNOWN_ARGUMENT, message, argument.span, hint="keep one of the two")
        named[argument.name] = argument
    return named


def _suggest_spelling(call: Call) -> str | None:
    """A hint with the correct spelling of the call; None for a word without further arguments."""
    word = call.function
    names = [argument.value.value for argument in call.arguments if isinstance(argument.value, Literal)]
    is_dotted = word in INPUTS and word not in READER_INPUTS
    if is_dotted and len(names) == len(call.arguments) == 2:  # as in dbt: `source("raw", "orders")`
        return f'write one name: `{word}("{names[0]}.{names[1]}")`'
    if word in KINDS:
        return f'name it, as in `{word}(key="id")`'
    if word in RELATIONSHIPS:
        return 'name it, as in `enforce="fail"`'
    return _NAMED.get(word)


_NAMED: Mapping[str, str] = {
    "auto_loader": 'name it, as in `format="json"`',
    "kafka": 'name it, as in `servers="broker:9092"`; several topics are a list',
    **dict.fromkeys(("read", "read_stream"), "name it, as in `options={...}`"),
}
"""The hint for a further argument without a name."""


def _read_plain(value: Value, path: ValuePath, spans: dict[ValuePath, Span], report: Report) -> Any:
    """A value for a document: text, numbers, tuples, dictionaries, documents for nested calls.

    The span of every value goes to ``spans``. Reported values are not in lists, and make other values `_BAD`.
    """
    spans[path] = value.span
    match value:
        case Literal(value=plain):
            return plain
        case ListLiteral(items=items):
            result: list[Any] = []
            for item in items:
                item_spans: dict[ValuePath, Span] = {}
                plain = _read_plain(item, (*path, len(result)), item_spans, report)
                if plain is not _BAD:
                    result.append(plain)
                    spans.update(item_spans)
            return tuple(result)
        case DictLiteral(entries=entries):
            named = {}
            for key, entry in entries:
                key_path = (*path, key.value, "key")
                spans[key_path] = key.span
                named[key.value] = _read_plain(entry, (*path, key.value), spans, report)
            return _BAD if _BAD in named.values() else named
        case Call():
            return _read_nested(value, path, spans, report)


def _read_nested(call: Call, path: ValuePath, spans: dict[ValuePath, Span], report: Report) -> Any:
    if document_of(call.function) is None:
        report.add(codes.WRONG_ARGUMENT_TYPE, f"`{call.function}` is not allowed here", call.span)
        return _BAD
    read = read_document(call, report)
    if read is None:
        return _BAD
    spans.update({path + inner: span for inner, span in read.spans.by_path.items()})
    is_listed = call.function in (*EXPECTATIONS, *RELATIONSHIPS, *DATA_TESTS)
    return (call.function, read.document) if is_listed else read.document


_STAND_INS = {"format": "json", "columns": {}}
"""The values of required arguments that are wrong or missing, if they have to be one of several."""
_QUOTED = re.compile(r"'(\w+)'")


def _validate(call: Call, values: dict[str, Any], unread: set[str], spans: Spans, report: Report) -> ReadCall | None:
    document = _document(call.function)
    try:
        return ReadCall(call.function, document.model_validate(values), spans, frozenset(unread))
    except ValidationError as error:
        problems = error.errors()
    bad = dict.fromkeys(str(problem["loc"][0]) for problem in problems if problem["type"] != "missing")
    missing = [str(problem["loc"][0]) for problem in problems if problem["type"] == "missing"]
    has_nameless = sum(argument.name is None for argument in call.arguments) > len(SIGNATURES.get(call.function, ()))
    unknown = [
        argument.name for argument in call.arguments if argument.name and argument.name not in document.model_fields
    ]
    for name in missing:
        is_misspelt = any(did_you_mean(argument, [name]) for argument in unknown)
        if name not in unread and not has_nameless and not is_misspelt:
            report.add(
                codes.MISSING_ARGUMENT,
                f"`{call.function}` needs `{name}`",
                call.name_span,
                label="incomplete",
                hint=f"`{name}` takes {document.model_fields[name].description}",
            )
    for name in bad:
        _report_wrong(call, name, values[name], document, spans, problems, report)
    if call.function not in (*KINDS, SEED, *INPUTS):
        return None
    good = {name: value for name, value in values.items() if name not in bad}
    required = [name for name, field in document.model_fields.items() if field.is_required()]
    if call.function in INPUTS and not good.keys() >= set(required[:1]):
        return None
    fallback = document.model_validate({**{name: _STAND_INS.get(name, "unread") for name in required}, **good})
    return ReadCall(call.function, fallback, spans, frozenset({*unread, *missing, *bad}))


def _report_wrong(
    call: Call,
    name: str,
    value: Any,
    document: type[Document],
    spans: Spans,
    problems: list[Any],
    report: Report,
) -> None:
    by_path = {_value_path(problem["loc"], value): problem for problem in problems if str(problem["loc"][0]) == name}
    message = f"`{name}` of `{call.function}` takes {document.model_fields[name].description}"
    for path, problem in by_path.items():
        if any(path == other[: len(path)] for other in by_path.keys() - {path}):
            continue
        is_text = problem["type"] == "literal_error" and isinstance(problem["input"], str)
        is_value = is_text or problem["type"] in {"greater_than_equal", "less_than_equal"}
        label = f"not a supported {'format' if name == 'format' else 'value'}" if is_value else "wrong type"
        hint = did_you_mean(problem["input"], _QUOTED.findall(problem["ctx"]["expected"])) if is_text else None
        report.add(codes.WRONG_ARGUMENT_TYPE, message, spans.at(*path), label=label, hint=hint)


def _value_path(location: ValuePath, value: Any) -> ValuePath:
    """The part of pydantic's location that leads to a value or a key; other steps are types that it tried."""
    path: list[Any] = [location[0]]
    current = value
    for step in location[1:]:
        if step == "[key]":
            path.append("key")
            break
        if (isinstance(current, tuple) and isinstance(step, int) and step < len(current)) or (
            isinstance(current, dict) and step in current
        ):
            current = current[step]
        else:
            continue
        path.append(step)
    return tuple(path)
