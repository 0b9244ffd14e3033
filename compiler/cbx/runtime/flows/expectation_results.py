"""The results of a table's expectations, which are kept until the next update that has rows.

An update that has nothing to do shows the results of the last update that had rows. Expectations that are new or have
changed since then have no results.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cbx.runtime.results import ExpectationMetrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cbx.runtime.definitions import DatasetExpectation
    from cbx.runtime.flow_context import FlowContext
    from cbx.runtime.results import Counts, TableKind


@dataclass(frozen=True, slots=True)
class ExpectationResults:
    """The results of the expectations in one update.

    Attributes:
        dropped: How many rows were dropped.
        rules: The counts of every expectation, including those of the views that the table reads.
    """

    dropped: int
    rules: tuple[ExpectationMetrics, ...]

    def document(self) -> dict[str, Any]:
        """The results as a JSON object."""
        return {"dropped": self.dropped, "rules": [asdict(rule) for rule in self.rules]}


NONE = ExpectationResults(0, ())


def read_expectation_results(document: Mapping[str, Any] | None) -> ExpectationResults:
    """The results in a document of ``document``; NONE for None."""
    if document is None:
        return NONE
    return ExpectationResults(document["dropped"], tuple(ExpectationMetrics(**rule) for rule in document["rules"]))


def expectation_results(counts: Counts, views: Counts, kind: TableKind) -> ExpectationResults:
    """The results of an update that had rows.

    Args:
        counts: The counts of the table.
        views: The counts of the views that it reads.
        kind: The kind of the table. A target of AUTO CDC has no expectations, so its drops are those of its views.
    """
    dropped = views.dropped if kind.startswith("scd") else counts.dropped
    return ExpectationResults(dropped, (*counts.rules, *views.rules))


def view_rules(contexts: Iterable[FlowContext]) -> dict[str, dict[str, DatasetExpectation]]:
    """The current expectations of the views that flows read, by view and name."""
    uses = (use.view for context in contexts for use in context.reads.views)
    return {view.name.written: {rule.name: rule for rule in view.expectations} for view in uses}


def last_expectation_results(
    document: Mapping[str, Any] | None, rules: Mapping[str, Mapping[str, DatasetExpectation]]
) -> ExpectationResults:
    """The last results, without expectations that were removed or changed.

    Args:
        document: The last results.
        rules: The current expectations, by dataset and name.
    """
    last = read_expectation_results(document)

    def is_current(count: ExpectationMetrics) -> bool:
        if count.dataset not in rules:
            return True
        rule = rules[count.dataset].get(count.name)
        return rule is not None and (rule.condition, rule.on_violation) == (count.condition, count.on_violation)

    current = tuple(filter(is_current, last.rules))
    return ExpectationResults(last.dropped if current or not last.rules else 0, current)
