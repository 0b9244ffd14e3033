"""Tells what tests leave out: as counts, and as diagnostics where it is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.diagnostics.source_files import Span
from cbx.testing.coverage.exercised import BROKEN, KINDS, MET, possible_kinds

if TYPE_CHECKING:
    from cbx.stages.plan import Plan
    from cbx.stages.resolved import ResolvedModel
    from cbx.testing.coverage.exercised import Exercised
    from cbx.testing.project.compiled_project import CompiledModel


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many models, expectations and kinds of changes tests exercise, each with how many there are."""

    models: tuple[int, int]
    expectations: tuple[int, int]
    changes: tuple[int, int]
    skipped_models: int = 0

    @property
    def percent(self) -> float:
        """All of them together."""
        done, all_of_them = (sum(pair) for pair in zip(self.models, self.expectations, self.changes, strict=True))
        return 100.0 * done / all_of_them if all_of_them else 100.0

    def __str__(self) -> str:
        skipped = f" ({self.skipped_models} skipped)" if self.skipped_models else ""
        return (
            f"coverage: {self.models[0]} of {self.models[1]} models{skipped}, "
            f"{self.expectations[0]} of {self.expectations[1]} expectations, "
            f"{self.changes[0]} of {self.changes[1]} kinds of changes ({self.percent:.0f} %)"
        )


def coverage_of(models: Mapping[str, CompiledModel], exercised: Exercised) -> Coverage:
    """Count what tests exercise; an expectation counts when one row met it and one broke it."""
    parts = exercised.parts
    rules = [(model.id, rule.name) for model in models.values() for rule in model.rules]
    kinds = [(model.id, kind) for model in models.values() for kind in possible_kinds(model.changes)]
    return Coverage(
        (sum((name,) in parts for name in models), len(models)),
        (sum({(*rule, MET), (*rule, BROKEN)} <= parts for rule in rules), len(rules)),
        (sum(kind in parts for kind in kinds), len(kinds)),
        sum(name in exercised.skipped and (name,) not in parts for name in models),
    )


def uncovered(plan: Plan, models: Mapping[str, CompiledModel], exercised: Exercised) -> Iterator[Diagnostic]:
    """What tests leave out, in the order of the models; of a model that no test runs nothing else is said."""
    for planned in plan.models:
        if planned.model.id not in models:
            continue
        model = planned.model
        if (model.id,) not in exercised.parts:
            yield _not_run(model, exercised)
            continue
        yield from _untested_rules(model, exercised)
        for kind in possible_kinds(models[model.id].changes):
            if (model.id, kind) not in exercised.parts:
                message = f"no test of `{model.id}` applies {KINDS[kind]}"
                yield Diagnostic(codes.UNTESTED_CHANGE, message, Span(model.path))


def _not_run(model: ResolvedModel, exercised: Exercised) -> Diagnostic:
    """A model that no test ran: none wants to, or each that does was skipped."""
    reason = exercised.skipped.get(model.id)
    if reason is not None:
        message = f"each test of `{model.id}` was skipped: {reason}"
        return Diagnostic(codes.SKIPPED_MODEL, message, Span(model.path), hint=_ON_SPARK)
    hint = f"`cbx test --generate {model.id}` writes a first one"
    return Diagnostic(codes.UNTESTED_MODEL, f"no test runs `{model.id}`", Span(model.path), hint=hint)


_ON_SPARK = "`cbx test --engine spark` runs it"


def _untested_rules(model: ResolvedModel, exercised: Exercised) -> Iterator[Diagnostic]:
    hint = f"a test of the model was skipped; {_ON_SPARK}" if model.id in exercised.skipped else None
    for rule in model.expectations:
        sides = {side for side in (MET, BROKEN) if (model.id, rule.name, side) in exercised.parts}
        if len(sides) == 2:
            continue
        what = "breaks" if MET in sides else "meets"
        message = f"no test of `{model.id}` has a row that {what} `{rule.name}`"
        yield Diagnostic(codes.UNTESTED_EXPECTATION, message, rule.name_span, label="not tested", hint=hint)
