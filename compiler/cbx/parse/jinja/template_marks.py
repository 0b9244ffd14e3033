"""The marks of `var` and `secret` in a template, and the errors of forbidden uses."""

from __future__ import annotations

import re
import zlib
from typing import Any

import jinja2

from cbx.syntax.text import Secret, Variable

_NAMED = "([^\0]*)#([0-9]{1,10})"
"""The name in a mark and its checksum: a filter that changes the name does not change both alike."""
_VARIABLE = re.compile(f"\0var:{_NAMED}\0")
_INNER_VARIABLE = re.compile("\1([^\1]*)\1")
_SECRET_NAME = re.compile(r"[A-Za-z0-9_.@-]{0,128}", re.ASCII)
"""The characters of the names of scopes and keys (page "Secret management" of the Databricks documentation)."""


class UnknownNowError(jinja2.TemplateRuntimeError):
    """A template uses a value that is known only when the pipeline runs.

    Attributes:
        word: The word that stands for the value, ``var`` or ``secret``; empty if that is not known.
        name: The name of the variable, or the scope of the secret.
    """

    def __init__(self, word: str, name: str) -> None:
        what = {"var": f"the variable `{name}`", "secret": "a secret"}.get(word, "a variable, a secret or an input")
        super().__init__(f"the value of {what} is only known when the pipeline runs")
        self.word = word
        self.name = name


class InputHereError(jinja2.TemplateRuntimeError):
    """A macro reads an input outside a query."""


class NotANameError(jinja2.TemplateRuntimeError):
    """``var`` or ``secret``, the word, is called without the names that it needs."""

    def __init__(self, word: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.word = word
        self.hint = hint


class BrokenMacroError(jinja2.TemplateRuntimeError):
    """A template calls a macro that was reported already."""


def write_mark(word: str, name: str) -> str:
    """The mark of a word and the name that it is called with, or its number."""
    return f"\0{word}:{name}#{_checksum(word, name)}\0"


def is_intact(word: str, name: str, checksum: str) -> bool:
    """Whether no filter has changed a mark."""
    return checksum == str(_checksum(word, name))


def _checksum(word: str, name: str) -> int:
    return zlib.crc32(f"{word}:{name}".encode(errors="surrogatepass"))


def variable(*arguments: Any, **keywords: Any) -> str:
    """The word ``var`` of templates."""
    values = (*arguments, *keywords.values())
    if len(values) != 1 or not isinstance(values[0], str) or not set(keywords) <= {"name"}:
        raise NotANameError("var", "`var` takes the name of one variable", 'write `var("landing")`')
    return write_mark("var", values[0])


def secret(*arguments: Any, **keywords: Any) -> str:
    """The word ``secret`` of templates; its names may be, or contain, values of ``var``."""
    hint = 'write `secret("scope", "key")`'
    names = dict(zip(("scope", "key"), arguments, strict=False)) | keywords
    is_complete = len(names) == len(arguments) + len(keywords) and names.keys() == {"scope", "key"}
    if not is_complete or not all(isinstance(name, str) for name in names.values()):
        raise NotANameError("secret", "`secret` takes the names of a scope and of a key", hint)
    texts = [_VARIABLE.sub(_as_inner_variable, names[name]) for name in ("scope", "key")]
    for text in texts:
        if not text or not _SECRET_NAME.fullmatch(_INNER_VARIABLE.sub("", text)):
            shown = _INNER_VARIABLE.sub(r"${\1}", text).replace("\0", "")
            message = f"`{shown}` is not the name of a scope or key of secrets"
            raise NotANameError("secret", message, "a name has letters, digits, `-`, `_`, `.` and `@`")
    return write_mark("secret", "/".join(texts))


def _as_inner_variable(mark: re.Match[str]) -> str:
    return f"\1{mark[1]}\1" if is_intact("var", mark[1], mark[2]) else mark[0]


def read_secret_mark(name: str) -> Secret:
    """The secret of the name in a mark."""
    scope, _, key = name.partition("/")
    return Secret(_split_name(scope), _split_name(key))


def _split_name(name: str) -> tuple[str | Variable, ...]:
    parts = _INNER_VARIABLE.split(name)
    return tuple(Variable(part) if index % 2 else part for index, part in enumerate(parts) if part)


def marks_as_templates(text: str) -> str:
    """The marks in an argument as templates, which are rendered with the argument.

    Raises:
        UnknownNowError: If a filter has changed a mark, or an argument is an input.
    """
    text = _VARIABLE.sub(_variable_template, text)
    text = _SECRET.sub(_secret_template, text)
    if "\0" in _PLACE.sub("", text):
        raise UnknownNowError("", "")
    return text


_SECRET = re.compile(f"\0secret:{_NAMED}\0")
_PLACE = re.compile("\0@[0-9]+\0")


def _variable_template(mark: re.Match[str]) -> str:
    return "{{ var(" + repr(mark[1]) + ") }}" if is_intact("var", mark[1], mark[2]) else mark[0]


def _secret_template(mark: re.Match[str]) -> str:
    if not is_intact("secret", mark[1], mark[2]):
        return mark[0]
    scope, _, key = mark[1].partition("/")
    names = [_INNER_VARIABLE.sub(lambda inner: "{{ var(" + repr(inner[1]) + ") }}", name) for name in (scope, key)]
    return secret_template(names[0], names[1])


def secret_template(scope: str, key: str) -> str:
    """The template of a secret, whose names are templates themselves."""
    return "{{ secret(" + ", ".join(map(_as_expression, (scope, key))) + ") }}"


_EXPRESSION = re.compile(r"\{\{[-+]?(.*?)[-+]?\}\}", re.DOTALL)


def _as_expression(template: str) -> str:
    """A template as the expression of its text."""
    parts = _EXPRESSION.split(template)
    pieces = [part.strip() if index % 2 else repr(part) for index, part in enumerate(parts) if part]
    return " ~ ".join(pieces) or "''"
