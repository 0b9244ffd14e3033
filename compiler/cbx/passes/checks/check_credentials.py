"""Checks that no credential is written in plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from cbx.declare.documents import AutoLoaderDocument, KafkaDocument, ReaderDocument
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import Span
from cbx.stages.declared import Declared, DeclaredModel
from cbx.syntax.spans import Spans

Options = Mapping[str, str | bool | int | float]

_SECRET_NAME: Final = re.compile(
    r"(?:password|secret_?(?:access_?)?key|client_?secret|private_?key|account_?key|connection_?string|sas_?token)\Z",
    re.IGNORECASE,
)
"""The ends of names of options whose values are credentials."""
_SECRET_VALUE: Final = re.compile(
    r"\b(?:password|clientSecret|SharedAccessKey|AccountKey)=['\"]?[^\s'\"&;]", re.IGNORECASE
)
"""A credential inside another value, such as the login of Kafka's client or the address of a database."""


def check_credentials(declared: Declared, report: Report) -> None:
    """Report CBX340 for a credential in an option.

    Before: ``read("jdbc", options={"password": "hunter2"})``. After: a diagnostic at ``"hunter2"``. A template is
    not reported: its value may come from a secret.
    """
    for model in declared.models:
        for options, spans in _all_options(model):
            for name, value in options.items():
                if isinstance(value, str) and _is_credential(name, value):
                    _report_credential(name, spans.at("options", name), report)


def _all_options(model: DeclaredModel) -> Iterator[tuple[Options, Spans]]:
    for declared_input in model.inputs:
        document = declared_input.call.document
        if isinstance(document, (AutoLoaderDocument, KafkaDocument, ReaderDocument)):
            yield document.options, declared_input.call.spans
    yield getattr(model.document, "options", {}), model.spans


def _is_credential(name: str, value: str) -> bool:
    if not value or "{{" in value:
        return False
    return _SECRET_NAME.search(name) is not None or _SECRET_VALUE.search(value) is not None


def _report_credential(name: str, span: Span, report: Report) -> None:
    message = f"the option `{name}` has a credential in plain text"
    hint = 'write `secret("scope", "key")`, which only the running pipeline reads'
    report.add(codes.PLAIN_CREDENTIAL, message, span, label="compiled as it is", hint=hint)
