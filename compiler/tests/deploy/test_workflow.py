"""The workflow for GitHub Actions calls commands that there are, with options that they take."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from compiler.tests.command import list_commands

WORKFLOW = Path(__file__).parents[2] / "docs" / "github" / "deploy.yml"


def test_the_workflow_calls_what_there_is() -> None:
    """Who copies it should not find out in CI."""
    commands = list_commands()
    jobs = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    calls = [step["run"] for job in jobs.values() for step in job["steps"] if step.get("run", "").startswith("cbx ")]
    known = {name: {option for param in command.params for option in param.opts} for name, command in commands.items()}
    unknown = [
        call
        for call in calls
        if call.split()[1] not in known or not set(re.findall("--[a-z-]+", call)) <= known[call.split()[1]]
    ]

    assert set(jobs) == {"check", "plan", "deploy"}
    assert len(calls) >= 3
    assert unknown == []
