"""What the compiler's tests share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.tests.accounting import unaccounted_in_log

sys.path.insert(0, str(Path(__file__).parent))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="Rewrite the expectations of literate and golden cases.")


@pytest.fixture(autouse=True)
def every_row_is_accounted_for(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever updates a test makes in its folder: every rule saw every row, and each was written or dropped."""
    folder: Path | None = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    logs = folder.rglob("events.jsonl") if folder is not None else ()
    wrong = [sentence for log in logs for sentence in unaccounted_in_log(log)]
    assert wrong == []
