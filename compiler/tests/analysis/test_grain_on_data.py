"""Holds the grain rules against data: DuckDB runs random queries over random rows that respect the declared keys.

``CBX_GRAIN_QUERIES`` says how many queries to try, ``CBX_GRAIN_SEED`` where to start.

A test like this is worth what it finds. Each line below is a rule that was broken on purpose; the number says how
many queries it took to find out. Where it says "cases" three thousand queries did not, or cannot since they hold
nothing but whole numbers, and ``grain_cases.py`` or ``test_verdicts.py`` does. ``mutants.txt`` has each in code, and
``make mutants`` tries them anew.

- a table's current key counts without its condition: 64
- LIMIT 2 leaves one row: 100; two rows written out are one: 166
- a function that changes fixes its value: 836; a computed column fixes what it is made of: 72, and is never NULL: 372
- GROUP BY has a key without one of its columns: 3; DISTINCT: 37
- grouping sets: NULLs of the data are forgotten: 10, a set given twice: 391, columns of some sets are not NULL: cases
- row_number is unique by itself: 34; its partition is, before any filter: 37; rank counts as row_number: 301
- any count over a window makes its partition unique: 848; a running value is its partition's: 2691
- at most 1 fixes any window's value: cases
- explode keeps the key: 18; the element takes the place of its position: 18
- a query of WITH, used twice, has the same rows on both sides: 162
- the condition of a left join counts for the kept side: 131, of a right join: 633, of a full join: 113
- the condition of an anti join holds for what is left: 2497; it makes a current key count: 324
- a left join is an inner one: 61, a right join is: 22, a full join is a left one: 113
- an inner join keeps the left keys: 29, the right keys: 14
- a left join keeps the kept side's keys: 33, the other side's keys: 22, its rules: 388, that it is not NULL: 523
- a left join makes the columns it compares equal: 22, keeps the other side's literals: cases
- a left join finds nothing where any column is NULL: 287; its condition fixes any partner: 36, by chance too: cases
- a full join tells lone rows apart: 663; it keeps the rules of both sides: 1356
- USING in a full join forgets NULLs: 704, the left key: 371, the right key: 34
- a comparison within one side fixes a column of it: cases; ``<=>`` leaves no NULL: cases
- UNION ALL: two of three literals are enough: 11, the first input's keys are: 1289, its literals count for all: 1517;
  what is never NULL in one input is not in all: cases
- a difference has the keys of both inputs: 83; DISTINCT forgets a column of a set operation: 38
- a name of two columns means the first: cases; the column of USING is the left one in a right join: cases
- one-to-one multiplies: 433; so does what the key tells apart: 131; grouping leaves rows apart: cases
- a condition on one side ends an outer join of the other: 181
- a key is one by a part of it, a rule holds for a part of its columns, a key found is short of a column: cases
- a cast tells what it is made of whatever it loses, a text its pieces; the time of day is one for a stream: cases
- OR is AND; IN fixes its column; what is not NULL is NULL, what is not true is true: cases
- values that change, types that lose something, types that are not known, collations compare exactly: cases
- a literal is told apart by its text whatever its type; a union's inputs of any types fit: cases
- EXCEPT and REPLACE in a star do nothing; GROUP BY takes an alias for a column, or the wrong position: cases
- a window by another's name has no partitions; windows of time do not overlap; a generator in an expression is a
  function; a pivot behind a join is none; a table met by a stream stays the same: cases
- refuting: a condition or a test for NULL leaves nothing out, a join that is not declared, a semi join, LIMIT leave all
  rows, tables are compared in a circle, a value by chance repeats, versions are read where they are told apart: cases
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator

import duckdb
import pytest
from mutants import PACKAGE, Mutant, read_mutants
from random_data import Data
from random_queries import RandomQuery, random_query
from random_schemas import Schema, random_schema

from cbx.analysis.from_sql import read_query
from cbx.analysis.verdicts import KeyProven, KeyRefuted, judge_key, result_keys

pytestmark = pytest.mark.slow

QUERIES = int(os.environ.get("CBX_GRAIN_QUERIES", "150"))
SEED = int(os.environ.get("CBX_GRAIN_SEED", "1"))
QUERIES_A_SCHEMA = 10
DRAWS = 6
MOST_DRAWS = 120
_VERDICTS = {KeyProven: "proven", KeyRefuted: "refuted"}


def results(data: Data, query: RandomQuery, most: int) -> Iterator[list[dict[str, object]]]:
    """The rows of a query over one content after the other."""
    for draw in range(most):
        found = data.run(query.duckdb, draw)
        names = [column[0] for column in found.description or ()]
        yield [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def candidate_keys(
    query: RandomQuery, found: tuple[tuple[str, ...], ...], chance: random.Random
) -> list[tuple[str, ...]]:
    """Keys that somebody might declare: those found, each with a column less, and some other columns."""
    shorter = [key[:at] + key[at + 1 :] for key in found for at in range(len(key))]
    others = [tuple(chance.sample(query.columns, min(chance.choice((1, 2)), len(query.columns))))]
    return list(dict.fromkeys([*query.keys, *found, *shorter, *others]))


def repeats(rows: list[dict[str, object]], key: tuple[str, ...]) -> bool:
    """Whether two rows agree on a key, NULLs taken as equal."""
    seen = [tuple(row[name] for name in key) for row in rows]
    return len(set(seen)) < len(seen)


def check_query(query: RandomQuery, schema: Schema, data: Data, chance: random.Random) -> Counter[str]:
    """Compare the verdicts on one query with its results, and count them."""
    relation = read_query(query.databricks, schema.by_name).relation
    assert tuple(field.name for field in relation.fields) == query.columns or relation.is_open, query.databricks
    counts: Counter[str] = Counter()
    proven, refuted = [], []
    found = result_keys(relation)
    for key in candidate_keys(query, found, chance):
        verdict = judge_key(relation, key, schema.relationships)
        counts[_VERDICTS.get(type(verdict), "unproven")] += 1
        assert isinstance(verdict, KeyProven) or key not in found, explain("found", key, query, schema)
        proven += [key] if isinstance(verdict, KeyProven) else []
        refuted += [key] if isinstance(verdict, KeyRefuted) else []
    if proven:
        for rows in results(data, query, DRAWS):
            for key in proven:
                assert not repeats(rows, key), explain("proven", key, query, schema)
    for key in refuted:
        assert any(repeats(rows, key) for rows in results(data, query, MOST_DRAWS)), explain(
            "refuted", key, query, schema
        )
    return counts


def explain(verdict: str, key: tuple[str, ...], query: RandomQuery, schema: Schema) -> str:
    return f"{verdict} {key}\n{query.databricks}\n{query.duckdb}\n{schema.tables}\n{schema.relationships}"


def test_verdicts_hold_on_data(capsys: pytest.CaptureFixture[str]) -> None:
    """No key that is proven ever repeats, and none that is refuted stays unique over many draws.

    DuckDB 1.5, the last one for Python 3.10, fails by itself at a query here and there.
    """
    counts: Counter[str] = Counter()
    broken = 0
    for number in range(0, QUERIES, QUERIES_A_SCHEMA):
        chance = random.Random(f"{SEED} {number}")
        schema = random_schema(chance)
        data = Data(schema, chance)
        for _ in range(min(QUERIES_A_SCHEMA, QUERIES - number)):
            try:
                counts += check_query(random_query(schema, chance), schema, data, chance)
            except duckdb.InternalException:
                broken += 1
                data = Data(schema, chance)
        data.engine.close()
    total = sum(counts.values())
    shares = {verdict: counts[verdict] / total for verdict in ("proven", "refuted", "unproven")}
    with capsys.disabled():
        listed = ", ".join(f"{verdict} {share:.0%}" for verdict, share in shares.items())
        print(f"\n{QUERIES} queries, {total} keys: {listed}")

    assert shares["proven"] > 0.25
    assert shares["refuted"] > 0.02
    assert broken <= QUERIES / 100


@pytest.mark.parametrize("mutant", read_mutants(), ids=lambda mutant: mutant.name)
def test_each_mutant_breaks_something_that_is_there(mutant: Mutant) -> None:
    """The text that a mutant changes stands in its file once: the list keeps up with the rules."""
    text = (PACKAGE / mutant.file).read_text(encoding="utf-8")

    assert (text.count(mutant.old), mutant.new == mutant.old) == (1, False)
