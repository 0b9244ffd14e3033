"""``env_var`` and ``secret`` in the settings of pipelines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

_TEMPLATE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_TEXT = r"""(?:'([^'\\]*)'|"([^"\\]*)")"""
_ENV_VAR = rf"\s*env_var\(\s*{_TEXT}\s*(?:,\s*{_TEXT}\s*)?\)\s*"
_SECRET = rf"\s*secret\(\s*{_TEXT}\s*,\s*{_TEXT}\s*\)\s*"
_REFERENCE = r"\s*secrets/([\w.@-]+)/([\w.@-]+)\s*"
_ENV_NAME = r"[A-Za-z](?:\w*[A-Za-z0-9])?"
_SCOPE_OR_KEY = r"[\w.@-]+"

CALLS_ENV_VAR = r"\{\{\s*env_var\b"
"""A pattern that is found in a text that reads an environment variable."""


class EnvVar(NamedTuple):
    """An environment variable of the machine that deploys; ``default`` is None if it has to be set."""

    name: str
    default: str | None


class SecretReference(NamedTuple):
    """A secret of the workspace."""

    scope: str
    key: str


def env_vars_in(settings: Any) -> Iterator[EnvVar]:
    """The environment variables that the texts of settings read."""
    for _, text in texts_in(settings):
        for template in _TEMPLATE.finditer(text):
            env_var = _read_env_var(template[1])
            if env_var is not None:
                yield env_var


def template_problem(text: str) -> str | None:
    """Why a text cannot be a setting; None if its templates are valid."""
    for template in _TEMPLATE.finditer(text):
        env_var = _read_env_var(template[1])
        if env_var is not None and not re.fullmatch(_ENV_NAME, env_var.name, re.ASCII):
            return f"`{env_var.name}` is not a name of an environment variable: it has letters, digits and underscores"
        if env_var is None and _read_secret(template[1]) is None:
            return f"`{template[0]}` is not supported"
    return "a template is not closed" if "{{" in _TEMPLATE.sub("", text) else None


def refer_to_secret(secret: SecretReference) -> str:
    """A secret as the platform writes it in settings."""
    return f"{{{{secrets/{secret.scope}/{secret.key}}}}}"


def fill_templates(
    settings: Any,
    value_of: Callable[[EnvVar], str],
    value_of_secret: Callable[[SecretReference], str] = refer_to_secret,
) -> Any:
    """Settings with values instead of templates.

    Args:
        settings: A text, or a list or dict of settings.
        value_of: The text that replaces an environment variable.
        value_of_secret: The text that replaces a secret.
    """

    def fill(template: re.Match[str]) -> str:
        env_var, secret = _read_env_var(template[1]), _read_secret(template[1])
        if env_var is not None:
            return value_of(env_var)
        return template[0] if secret is None else value_of_secret(secret)

    return map_texts(settings, lambda text: _TEMPLATE.sub(fill, text))


def map_texts(settings: Any, change: Callable[[str], str]) -> Any:
    """Settings with every text changed; the names of settings stay."""
    if isinstance(settings, str):
        return change(settings)
    if isinstance(settings, Mapping):
        return {name: map_texts(value, change) for name, value in settings.items()}
    if isinstance(settings, list | tuple):
        return [map_texts(value, change) for value in settings]
    return settings


def texts_in(settings: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """All texts in settings, each with its path; tables may be nested more deeply than Python's stack."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), settings)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, Mapping):
            waiting += [((*path, name), item) for name, item in reversed([*value.items()])]
        elif isinstance(value, list | tuple):
            waiting += [((*path, number), item) for number, item in reversed([*enumerate(value)])]


def _read_env_var(code: str) -> EnvVar | None:
    match = re.fullmatch(_ENV_VAR, code)
    return None if match is None else EnvVar(match[1] or match[2] or "", _first(match[3], match[4]))


def _read_secret(code: str) -> SecretReference | None:
    """A secret, from ``secret('scope', 'key')`` or as the platform writes it."""
    reference = re.fullmatch(_REFERENCE, code, re.ASCII)
    if reference is not None:
        return SecretReference(reference[1], reference[2])
    match = re.fullmatch(_SECRET, code)
    if match is None:
        return None
    secret = SecretReference(_first(match[1], match[2]) or "", _first(match[3], match[4]) or "")
    return secret if all(re.fullmatch(_SCOPE_OR_KEY, part, re.ASCII) for part in secret) else None


def _first(*texts: str | None) -> str | None:
    return next((text for text in texts if text is not None), None)
