"""Random slips in SQL statements: each is an error, or nothing that the statement said is lost."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from cbx.diagnostics.codes import INVALID_STATEMENT
from cbx.runtime.definitions import AppendFlow, CdcFlow, Registry
from cbx.runtime.errors import RunError
from cbx.runtime.notebooks.sql_statements import define_statements
from cbx.runtime.sql.column_definitions import read_definitions
from cbx.runtime.sql.current_schema import CurrentSchema
from cbx.runtime.sql.parameters import SqlText
from cbx.runtime.sql.table_names import is_expression
from cbx.runtime.sql.tokens import read_words

STATEMENTS = (
    """CREATE OR REFRESH PRIVATE STREAMING TABLE shop.parcels (
         id BIGINT NOT NULL COMMENT 'the number', weight DECIMAL(10, 2) MASK hide USING COLUMNS (id),
         day DATE GENERATED ALWAYS AS (CAST(at AS DATE)), tags ARRAY<STRUCT<k: STRING, v: INT>>,
         CONSTRAINT heavy EXPECT (weight > 0) ON VIOLATION DROP ROW, CONSTRAINT known EXPECT (id IS NOT NULL)
         ON VIOLATION FAIL UPDATE, CONSTRAINT seen EXPECT (at < now()), CONSTRAINT k PRIMARY KEY (id) RELY)
       CLUSTER BY (id, day) LOCATION '/there' COMMENT 'parcels'
       TBLPROPERTIES ('pipelines.reset.allowed' = 'false', a.b = 1)
       WITH ROW FILTER mine ON (id) AS SELECT * FROM STREAM(raw)""",
    """CREATE MATERIALIZED VIEW IF NOT EXISTS totals (day, total COMMENT 'kg', CONSTRAINT some EXPECT (total > 0))
       PARTITIONED BY (day) SCHEDULE EVERY 1 DAY AS SELECT day, sum(weight) FROM parcels GROUP BY day""",
    """CREATE TEMPORARY VIEW changes (CONSTRAINT op EXPECT (op IN ('U', 'D')) ON VIOLATION DROP ROW) COMMENT 'feed'
       TBLPROPERTIES ('x' = 'y') AS WITH a AS (SELECT 1) SELECT * FROM a""",
    """APPLY CHANGES INTO LIVE.current FROM STREAM(LIVE.changes) KEYS (id, shop) IGNORE NULL UPDATES ON (weight)
       APPLY AS DELETE WHEN op = 'D' APPLY AS TRUNCATE WHEN op = 'T' AND id IS NULL SEQUENCE BY struct(at, n)
       COLUMNS * EXCEPT (op, n) STORED AS SCD TYPE 1""",
    """CREATE FLOW hist COMMENT 'history' AS AUTO CDC ONCE INTO main.shop.history FROM changes KEYS (id)
       SEQUENCE BY at STORED AS SCD TYPE 2 TRACK HISTORY ON * EXCEPT (weight)""",
    """CREATE FLOW late AS INSERT INTO ONCE shop.parcels BY NAME SELECT * FROM archive""",
)
WORD = re.compile(r"'[^']*'|\w+|[^\s\w]")
ROUNDS = 1200


class Session:
    """What statements ask of a session: to set, and to run a query, of which the text is kept."""

    def __init__(self) -> None:
        self.queries: list[str] = []

    @property
    def conf(self) -> Session:
        return self

    def set(self, key: str, value: str) -> None:
        self.queries.append(f"{key}={value}")

    def sql(self, text: str) -> Session:
        self.queries.append(" ".join(text.split()))
        return self

    isStreaming = True  # noqa: N815 - Spark's own name

    def toDF(self, *names: str) -> Session:  # noqa: N802 - likewise
        self.queries.append(", ".join(names))
        return self


def facts(text: str) -> tuple[list[str], list[str]]:
    """What a statement says, piece by piece, and the texts that Spark judges.

    Raises:
        RunError: If the statement is refused, or Spark will refuse an expression in it.
    """
    session, registry = Session(), Registry()
    define_statements(SqlText.plain(text, Path("p.sql")), session, registry, lambda _: None, CurrentSchema())  # type: ignore[arg-type] # see above
    said = [note for note, _ in registry.notes]
    queries = []
    for dataset in registry.datasets.values():
        said += [dataset.kind, dataset.name.written, *(str(rule) for rule in dataset.expectations)]
        said += ["private"] * dataset.private + ["kept"] * (not dataset.is_reset_allowed)
        columns = read_definitions(read_words(dataset.schema or "c INT")).columns
        judge(column.expression for column in columns)
        said += [column.written for column in columns]
        judge(rule.condition for rule in dataset.expectations)
        queries += [dataset.query] if dataset.query else []
    for flows in registry.flows.values():
        for flow in flows:
            said += [flow.name, flow.target.written, *["once"] * flow.once]  # type: ignore[union-attr] # none of snapshots
            if isinstance(flow, AppendFlow):
                queries.append(flow.query)
            elif isinstance(flow, CdcFlow):
                told = (flow.source, flow.sequence_by, flow.scd_type, flow.apply_as_deletes, flow.apply_as_truncates)
                told += (flow.ignore_null_updates, flow.column_list, flow.except_column_list)
                told += (flow.track_history_column_list, flow.track_history_except_column_list, *flow.keys)
                judge((flow.sequence_by, flow.apply_as_deletes, flow.apply_as_truncates))
                said += [str(fact) for fact in told if fact not in (None, False)]
    for query in queries:
        query()
    return said, session.queries


def judge(expressions: Iterable[object]) -> None:
    """Refuse what is no expression, as Spark does when the pipeline runs."""
    for expression in expressions:
        if expression is not None and not is_expression(str(expression)):
            raise RunError(INVALID_STATEMENT, f"{expression} is not an expression")


def slip(words: list[str], chance: random.Random) -> list[str]:
    """The words with one misspelt, doubled, left out or at another place; what a text in quotes says is free."""
    place = chance.randrange(len(words))
    word = words[place]
    kind = chance.choice(("misspelt", "misspelt", "doubled", "moved", "swapped"))
    if kind == "doubled":
        return [*words[:place], word, *words[place:]]
    rest = [*words[:place], *words[place + 1 :]]
    if kind == "moved":
        other = chance.randrange(len(rest) + 1)
        return [*rest[:other], word, *rest[other:]]
    if kind == "swapped":
        other = chance.randrange(len(rest))
        changed = list(words)
        if "'" not in words[place] + words[other]:
            changed[place], changed[other] = changed[other], changed[place]
        return changed
    if word.startswith("'"):
        return rest
    letter = chance.randrange(len(word))
    wrong = chance.choice((word[:letter] + word[letter + 1 :], word[:letter] + word[letter] + word[letter:]))
    return [*words[:place], *([wrong] if wrong else []), *words[place + 1 :]]


@pytest.mark.parametrize("number", range(len(STATEMENTS)))
def test_no_slip_loses_what_a_statement_says(number: int) -> None:
    """As many facts as before, or an error, or another query, which Spark judges."""
    statement = STATEMENTS[number]
    words = WORD.findall(statement)
    said, queries = facts(" ".join(words))
    chance = random.Random(number)
    accepted, lost = 0, []
    for _ in range(ROUNDS // len(STATEMENTS)):
        changed = " ".join(slip(words, chance))
        try:
            now, asked = facts(changed)
        except RunError:
            continue
        accepted += 1
        if asked == queries and len(now) < len(said):
            lost.append(changed)

    assert lost == []
    assert accepted > 0


def test_the_statements_are_read_as_they_stand() -> None:
    """None of them is refused, so that a refusal above is due to the slip."""
    assert [bool(facts(statement)[0]) for statement in STATEMENTS] == [True] * len(STATEMENTS)
