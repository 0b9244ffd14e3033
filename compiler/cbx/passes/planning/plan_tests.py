"""Plans the checks of data tests, and which of them cannot fail."""

from __future__ import annotations

from cbx.passes.facts.seed_facts import accepted_identities
from cbx.passes.facts.table_facts import known_table
from cbx.passes.planning.plan_checks import claim_name, keeps_history
from cbx.project.dataset_names import data_test_check
from cbx.stages.data_tests import AcceptedValues, DataTest, FewNulls, Freshness, NoRows
from cbx.stages.plan import DataTestCheck
from cbx.stages.resolved import Proven
from cbx.stages.resolved_model import ResolvedModel
from cbx.syntax.text import Text


def plan_data_tests(model: ResolvedModel, proven: Proven, folder: str, taken: set[str]) -> tuple[DataTestCheck, ...]:
    """The checks of the data tests of a model.

    Before: ``not_null("email")`` of ``silver.customers``. After: the check ``silver_customers_email_not_null``; it is
    not written if the table refuses NULL anyway. ``taken`` has the names of all datasets so far.
    """
    return tuple(_plan_test(test, model, proven, folder, taken) for test in model.tests)


def _plan_test(test: DataTest, model: ResolvedModel, proven: Proven, folder: str, taken: set[str]) -> DataTestCheck:
    rule = test.rule
    own_name = rule.name if isinstance(rule, NoRows) else None
    name = claim_name(data_test_check(model.dataset, test.word, test.column, own_name), taken)
    source = rule.source if isinstance(rule, Freshness) else None
    return DataTestCheck(
        name=name,
        artifact=f"{folder}/checks/{name}.py",
        model=model.id,
        table=source or Text.of(model.dataset),
        test=test,
        query=_fill_query(rule, proven) if isinstance(rule, NoRows) else None,
        current_only=keeps_history(model) and test.column is not None and source is None,
        is_proven=_is_proven(test, model, proven),
    )


def _fill_query(rule: NoRows, proven: Proven) -> Text:
    tables = [Text.of(proven.models[table].dataset) if isinstance(table, str) else table for table, _ in rule.reads]
    return rule.query.fill(lambda slot: tables[slot.index])


def _is_proven(test: DataTest, model: ResolvedModel, proven: Proven) -> bool:
    """Whether a test cannot fail: the table refuses NULL, or the rows of a seed were tested when it was compiled."""
    if model.seed is not None and not isinstance(test.rule, Freshness | NoRows):
        return not isinstance(test.rule, AcceptedValues) or accepted_identities(test.rule, model) is not None
    return isinstance(test.rule, FewNulls) and test.rule.column.lower() in known_table(model, proven).never_null
