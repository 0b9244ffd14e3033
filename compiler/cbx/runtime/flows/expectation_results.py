"""What the rules said of a table's rows, kept until they say something else.

An update that has nothing to do judges nothing: its result shows the verdict of the last update that had rows. A rule
that is new or different since then has none.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cbx.runtime.results import ExpectationCount

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cbx.runtime.definitions import DatasetExpectation
    from cbx.runtime.flow_context import FlowContext
    from cbx.runtime.flows.expectations import Counts
    from cbx.runtime.results import TableKind


@dataclass(frozen=True, slots=True)
class ExpectationResults:
    """What the rules said of the rows of one update.

    Attributes:
        dropped: Rows that a rule dropped.
        rules: The counts of every rule; those of the views that the table reads carry the view's name.
    """

    dropped: int
    rules: tuple[ExpectationCount, ...]

    def document(self) -> dict[str, Any]:
        """The verdict as JSON has it."""
        return {"dropped": self.dropped, "rules": [asdict(rule) for rule in self.rules]}


NONE = ExpectationResults(0, ())


def read_expectation_results(document: Mapping[str, Any] | None) -> ExpectationResults:
    """A verdict from what ``Verdict.document`` wrote; none where nothing was judged."""
    if document is None:
        return NONE
    return ExpectationResults(document["dropped"], tuple(ExpectationCount(**rule) for rule in document["rules"]))


def expectation_results(counts: Counts, views: Counts, kind: TableKind) -> ExpectationResults:
    """The verdict of an update that had rows.

    Args:
        counts: What happened to the table's rows.
        views: What happened to those of the views that it reads.
        kind: What the table is. A CDC target has no rules of its own, so its drops are those of its views.
    """
    dropped = views.dropped if kind.startswith("scd") else counts.dropped
    return ExpectationResults(dropped, (*counts.rules, *views.rules))


def view_rules(contexts: Iterable[FlowContext]) -> dict[str, dict[str, DatasetExpectation]]:
    """The rules that the views have now which some flows read, by view and name."""
    uses = (use.view for context in contexts for use in context.reads.views)
    return {view.name.written: {rule.name: rule for rule in view.expectations} for view in uses}


def last_expectation_results(
    document: Mapping[str, Any] | None, rules: Mapping[str, Mapping[str, DatasetExpectation]]
) -> ExpectationResults:
    """The last verdict, without rules that are no longer there or have changed.

    Args:
        document: The last verdict.
        rules: The rules of today, of those datasets that this update has looked at.
    """
    last = read_expectation_results(document)

    def is_of_today(count: ExpectationCount) -> bool:
        if count.dataset not in rules:
            return True
        rule = rules[count.dataset].get(count.name)
        return rule is not None and (rule.condition, rule.on_violation) == (count.condition, count.on_violation)

    kept = tuple(filter(is_of_today, last.rules))
    return ExpectationResults(last.dropped if kept or not last.rules else 0, kept)
