"""Checks that queries read files and services through inputs."""

from __future__ import annotations

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.passes.checks.check_kinds import lacks_stream
from cbx.passes.facts.reader_functions import ReaderFunction, reader_functions
from cbx.stages.resolved import Connected


def check_reader_functions(connected: Connected, report: Report) -> None:
    """Report CBX341 for functions that read files or services in a query.

    Before: ``FROM STREAM read_files('/landing/orders', format => 'json')``. After: a warning that suggests
    ``auto_loader``. A model that needs a stream and has no other is reported by `check_kinds`.
    """
    for model in connected.models.values():
        calls = reader_functions(model)
        if lacks_stream(model) and any(call.is_streaming for call in calls):
            continue
        for call in calls:
            message = f"the query of `{model.id}` reads {_what(call)} with `{call.name}`, which is not among its inputs"
            hint = f"write `{call.replacement}`"
            report.add(codes.READER_FUNCTION, message, call.span, label="not an input", hint=hint)


def _what(call: ReaderFunction) -> str:
    return "files" if call.name.endswith("files") else "a streaming service"
