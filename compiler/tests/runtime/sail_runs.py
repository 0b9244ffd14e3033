"""Runs a pipeline on Sail, step by step, each update in a fork of this process: it has the libraries and no session.

Reads a list of steps as JSON from the standard input, and writes their results as JSON lines:

    {"land": [name, text]}                   writes a landing file
    {"notebook": text}                       writes the notebook
    {"run": {...}, "moment": n}              an update with these arguments of ``Pipeline.run``; with a moment, it kills
                                             itself before the nth change to a folder
    {"run": {...}, "meanwhile": [name, text]}  an update that writes a landing file when it begins to refresh datasets
    {"show": table}                          the columns and the rows of a table
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

import cbx.runtime.update.sail_update  # noqa: F401 - so that forks need not import it
from cbx.runtime import RunRequest, RunResult, run_update
from cbx.runtime.log.events import Event, NoteAdded, UpdateProgress, diagnostic_text
from compiler.tests.runtime.pipelines import Pipeline, problems


def kill_at(moment: int) -> None:
    """Kill this process before the nth change to a folder."""
    left = [moment]

    def hook(function: Callable[..., Any]) -> Callable[..., Any]:
        def change(*arguments: Any, **options: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        return change

    for name in ("rename", "replace", "mkdir", "write_text"):
        setattr(pathlib.Path, name, hook(getattr(pathlib.Path, name)))
    shutil.rmtree = hook(shutil.rmtree)


class PipelineHere(Pipeline):
    """A pipeline that runs in this process."""

    def update(self, request: RunRequest) -> RunResult:
        return run_update(request, self.events.append)


def update(pipeline: Pipeline, arguments: dict[str, Any]) -> dict[str, Any]:
    """An update, with its results as JSON."""
    if arguments.get("select"):
        arguments["select"] = frozenset(arguments["select"])
    result = pipeline.run(**arguments)
    return {
        "success": result.is_success,
        "notes": [event.text for event in pipeline.events if isinstance(event, NoteAdded)],
        "problems": [diagnostic_text(problem) for problem in problems(result)],
        "tables": {
            dataset.name: {
                "kind": dataset.kind,
                "status": dataset.status,
                "read": dataset.rows_read,
                "written": dataset.rows_written,
                "dropped": dataset.rows_dropped,
                "deleted": dataset.rows_deleted,
                "rules": [[rule.name, rule.passed, rule.failed] for rule in dataset.expectations],
            }
            for dataset in result.datasets
        },
    }


class Landing(list[Event]):
    """The events of an update, which writes a landing file as soon as datasets are refreshed."""

    def __init__(self, pipeline: Pipeline, name: str, text: str) -> None:
        super().__init__()
        self.land = lambda: pipeline.land(name, text)

    def append(self, event: Event) -> None:
        super().append(event)
        if isinstance(event, UpdateProgress) and event.state == "RUNNING":
            self.land()


def in_fork(action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The result of an action in a fork of this process; whether it was killed if it has none."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        with os.fdopen(writer, "w") as stream:
            json.dump(action(), stream)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        text = stream.read()
    _, status = os.waitpid(child, 0)
    return json.loads(text) if text else {"killed": os.WIFSIGNALED(status)}


def take(pipeline: Pipeline, step: dict[str, Any]) -> Any:
    if "land" in step:
        return str(pipeline.land(*step["land"]))
    if "notebook" in step:
        return str(pipeline.notebook(step["notebook"]))
    if "show" in step:
        table = step["show"]
        return [pipeline.columns(table), json.loads(json.dumps(pipeline.rows(table), default=str))]

    def run() -> dict[str, Any]:
        if step.get("meanwhile"):
            pipeline.events = Landing(pipeline, *step["meanwhile"])
        if step.get("moment"):
            kill_at(step["moment"])
        return update(pipeline, step["run"])

    return in_fork(run)


if __name__ == "__main__":
    here = PipelineHere(Path(sys.argv[1]), engine="sail", most_files=int(sys.argv[2]), bucket_size=100)
    for each in json.load(sys.stdin):
        print(json.dumps(take(here, each)), flush=True)
