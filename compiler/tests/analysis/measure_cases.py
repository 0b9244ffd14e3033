"""Reads queries with aggregates, and judges them over the tables of a small shop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shop import table

from cbx.analysis.facts import CurrentKey, Table, TableColumn, TableRelationship
from cbx.analysis.from_sql import read_query
from cbx.analysis.homes import find_homes
from cbx.analysis.measures import JudgedMeasure, judge_measures, result_homes
from cbx.analysis.verdicts import result_keys

TABLES = {
    listed.name: listed
    for listed in (
        table("customers", "id BIGINT!, region STRING, credit DOUBLE", ("id",)),
        table("orders", "oid BIGINT!, cid BIGINT, amount DOUBLE, tax DOUBLE, status STRING", ("oid",)),
        table("payments", "pid BIGINT!, oid BIGINT, paid DOUBLE, is_primary BOOLEAN, seq INT, mid BIGINT", ("pid",)),
        table("methods", "mid BIGINT!, fee DOUBLE", ("mid",)),
        table(
            "items", "oid BIGINT!, line INT!, price DOUBLE, qty INT, tags ARRAY<STRING>, parts ARRAY<INT>, doc STRING",
            ("oid", "line"),
        ),
        table("invoices", "oid BIGINT!, total DOUBLE", ("oid",)),
        table("refunds", "oid BIGINT, refunded DOUBLE"),
        table("raw_orders", "oid BIGINT, amount DOUBLE, cid BIGINT"),
        table("raw_lines", "lid BIGINT, oid BIGINT, price DOUBLE"),
        table("details", "did BIGINT!, oid BIGINT, weight DOUBLE", ("did",)),
        table("latest", "pid BIGINT!, note STRING", ("pid",)),
        table(
            "addresses", "cid BIGINT!, city STRING, __START_AT TIMESTAMP!, __END_AT TIMESTAMP", ("cid", "__START_AT"),
            current=(CurrentKey(("cid",), "__END_AT", "__START_AT"),),
        ),
    )
}  # fmt: skip

RELATIONSHIPS = (
    TableRelationship("customers", "orders", (("cid", "id"),), "one_to_many"),
    TableRelationship("orders", "payments", (("oid", "oid"),), "one_to_many"),
    TableRelationship("orders", "items", (("oid", "oid"),), "one_to_many"),
    TableRelationship("orders", "refunds", (("oid", "oid"),), "one_to_many"),
    TableRelationship("orders", "invoices", (("oid", "oid"),), "one_to_one"),
    TableRelationship("methods", "payments", (("mid", "mid"),), "one_to_many"),
)


@dataclass(frozen=True)
class MeasureCase:
    """A query, the query of the table ``m`` that it may read, and the verdict on its outermost aggregates."""

    verdict: str
    query: str
    model: str | None


def read_cases() -> list[MeasureCase]:
    """The cases of ``measures.txt``."""
    text = (Path(__file__).parent / "measures.txt").read_text(encoding="utf-8")
    cases = []
    for section in text.split("# ")[1:]:
        verdict, *paragraphs = section.strip().split("\n\n")
        for paragraph in paragraphs:
            model, _, query = paragraph.rpartition(";\n")
            cases.append(MeasureCase(verdict, query, model.removeprefix("m: ") or None))
    return cases


def judge_case(case: MeasureCase) -> list[str]:
    """The verdicts on the aggregates of a case; those of the outermost query are the last."""
    return judge(case.query) if case.model is None else judge_after(case.model, case.query)


def judge(query: str) -> list[str]:
    """The verdicts on the aggregates of a query over the tables."""
    relation = read_query(query, TABLES).relation
    return _verdicts(judge_measures(relation, find_homes(relation, {}), RELATIONSHIPS))


def judge_after(model: str, query: str) -> list[str]:
    """The verdicts on the aggregates of a query that reads the table ``m``, which another query makes."""
    relation = read_query(model, TABLES).relation
    homes = {"m": result_homes(relation, find_homes(relation, {}), RELATIONSHIPS)}
    columns = tuple(TableColumn(field.name, field.type) for field in relation.fields)
    made = Table("m", columns, result_keys(relation))
    after = read_query(query, {**TABLES, "m": made}).relation
    return _verdicts(judge_measures(after, find_homes(after, homes), RELATIONSHIPS))


def _verdicts(judged: tuple[JudgedMeasure, ...]) -> list[str]:
    return [measure.verdict for measure in judged]
