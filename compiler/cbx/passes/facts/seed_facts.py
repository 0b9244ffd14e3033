"""What the rows of a seed say about its data tests."""

from __future__ import annotations

from collections.abc import Hashable

from cbx.parse.databricks_sql.types import normal_type
from cbx.parse.seeds.seed_values import read_seed_value
from cbx.spark_spelling import value_text
from cbx.stages.data_tests import AcceptedValues
from cbx.stages.resolved_model import ResolvedModel


def accepted_identities(rule: AcceptedValues, model: ResolvedModel) -> frozenset[Hashable] | None:
    """The accepted values of a column of a seed, as `Seed.values` has them.

    None if one of them is not written as the values of seeds are: the session's time zone decides which moment
    ``2024-01-01`` is, for example, and only Spark knows.
    """
    types = (normal_type(column.type) for column in model.columns or () if column.name.lower() == rule.column.lower())
    kind = next(types, None) or ""
    read = [read_seed_value(value_text(value), kind) for value in rule.values]
    return None if None in read else frozenset(literal.identity for literal in read if literal is not None)
