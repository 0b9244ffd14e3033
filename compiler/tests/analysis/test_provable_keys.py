"""How many keys that hold are proven: realistic queries of kinds that need a rule of their own, and near misses."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from provable_tables import TABLES

from cbx.analysis.from_sql import read_query
from cbx.analysis.verdicts import KeyProven, KeyProvenButForCollisions, judge_key

LEAST_SHARE = 0.95


@dataclass(frozen=True)
class Claim:
    """A key of a query: one that holds (``+``), one that only equal hashes break (``~``), or a near miss (``-``)."""

    kind: str
    sign: str
    key: tuple[str, ...]
    query: str

    def verdict(self) -> type:
        relation = read_query(self.query, TABLES).relation
        return type(judge_key(relation, self.key, ()))


def read_claims() -> list[Claim]:
    """The claims of ``provable_keys.txt``."""
    found, kind = [], ""
    for line in (Path(__file__).parent / "provable_keys.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            kind = line[2:]
        elif match := re.match(r"([+~-]) (.*?) \| (.*)", line):
            found.append(Claim(kind, match[1], tuple(match[2].split(", ")), match[3]))
    return found


CLAIMS = read_claims()


def test_share_of_proven_keys(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the keys that hold, nearly all are proven, of each kind more than half."""
    holding = [claim for claim in CLAIMS if claim.sign != "-"]
    proven = Counter(claim.kind for claim in holding if claim.verdict() in {KeyProven, KeyProvenButForCollisions})
    all_of_a_kind = Counter(claim.kind for claim in holding)
    share = proven.total() / len(holding)
    with capsys.disabled():
        print(f"\n{len(holding)} keys that hold: {share:.1%} proven")

    assert len(CLAIMS) >= 150
    assert share >= LEAST_SHARE
    assert all(proven[kind] > count / 2 for kind, count in all_of_a_kind.items())


@pytest.mark.parametrize(
    "claim", [claim for claim in CLAIMS if claim.sign == "-"], ids=lambda claim: f"{claim.kind}: {claim.query}"
)
def test_near_misses_stay_unproven(claim: Claim) -> None:
    """A key that some rows break is not proven."""
    assert claim.verdict() not in {KeyProven, KeyProvenButForCollisions}


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if claim.sign == "~"], ids=lambda claim: claim.query)
def test_hashes_prove_nothing_for_sure(claim: Claim) -> None:
    """A key that two equal hashes break has a verdict of its own."""
    assert claim.verdict() is not KeyProven
