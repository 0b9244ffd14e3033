"""The code of notebooks is followed without filling the memory."""

from __future__ import annotations

import ast
from typing import Any
from unittest.mock import Mock

import pytest

from cbx.importing.evaluation.evaluator import Evaluator
from cbx.importing.evaluation.values import UNKNOWN, NameScope


def follow(code: str) -> dict[str, Any]:
    scope = NameScope(0)
    Evaluator(Mock()).run(ast.parse(code).body, scope)
    return scope.values


@pytest.mark.parametrize(
    "code",
    [
        "x = 'a' * 2_000_000",
        "x = 2_000_000 * [0]",
        "x = (1,) * 2_000_000",
        "x = '%2000000d' % 1",
        "x = '%*d' % (2_000_000, 1)",
        "x = '%(a)s' * 1000 % {'a': 'b' * 3000}",
        "x = '{:2000000}'.format(1)",
        "x = '{:{n}}'.format(1, n=2_000_000)",
        "x = ('{0}' * 1000).format('b' * 3000)",
        "x = f'{1:2000000}'",
        "x = 'a'.zfill(2_000_000)",
        "x = 'ab'.replace('', 'c' * 900_000)",
        "x = ','.join(['a' * 100_000] * 30)",
        "x = ('b' * 1000).join(['a'] * 3000)",
        "x = str([['a' * 1000] * 100] * 100)",
        "x = list(range(2_000_000))",
        "x = 'a' * 1000\nfor i in range(12):\n    x = x + x",
        "j = [1]\nfor i in range(21):\n    j = [j, j]\nx = str(j)",
        "j = [1]\nk = [1]\nfor i in range(21):\n    j = [j, j]\n    k = [k, k]\nx = j == k",
        "x = [list(range(10_000)) for i in range(10_000)]",
        "x = 3\nfor i in range(24):\n    x = x * x",
    ],
)
def test_a_value_that_would_be_large_is_unknown(code: str) -> None:
    assert follow(code)["x"] is UNKNOWN


def test_other_values_are_known() -> None:
    code = (
        "x = ['%05d' % n for n in range(3)]\ny = ','.join(x).replace('0', '')\nz = f'{y:>8}' + '{:.2f}'.format(1 / 3)"
    )

    values = follow(code)

    assert (values["x"], values["y"], values["z"]) == (["00000", "00001", "00002"], ",1,2", "    ,1,20.33")
