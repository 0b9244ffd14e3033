"""Reports the coverage of tests: as counts, and as diagnostics where something untested is declared."""

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
    from cbx.stages.resolved_model import ResolvedModel
    from cbx.testing.coverage.exercised import Exercised
    from cbx.testing.project.compiled_project import CompiledModel


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many models, expectations and kinds of changes tests exercise, and how many there are.

    Attributes:
        models: Exercised, and all.
        expectations: Exercised, and all; exercised means that a row met it and a row broke it.
        changes: Exercised kinds of changes, and all that the models distinguish.
        skipped_models: Models whose tests were all skipped.
    """

    models: tuple[int, int]
    expectations: tuple[int, int]
    changes: tuple[int, int]
    skipped_models: int = 0

    @property
    def percent(self) -> float:
        """The percentage of all of them that is exercised."""
        exercised, total = (sum(pair) for pair in zip(self.models, self.expectations, self.changes, strict=True))
        return 100.0 * exercised / total if total else 100.0

    def __str__(self) -> str:
        skipped = f" ({self.skipped_models} skipped)" if self.skipped_models else ""
        parts = [f"{self.models[0]} of {self.models[1]} models{skipped}"]
        more = (("expectations", self.expectations), ("kinds of changes", self.changes))
        parts += [f"{exercised} of {total} {noun}" for noun, (exercised, total) in more if total]
        return f"coverage: {self.percent:.0f} % ({', '.join(parts)})"


def measure_coverage(models: Mapping[str, CompiledModel], exercised: Exercised) -> Coverage:
    """Count what tests exercise."""
    parts = exercised.parts
    expectations = [(model.id, expectation.name) for model in models.values() for expectation in model.expectations]
    kinds = [(model.id, kind) for model in models.values() for kind in possible_kinds(model.changes)]
    return Coverage(
        (sum((name,) in parts for name in models), len(models)),
        (sum({(*names, MET), (*names, BROKEN)} <= parts for names in expectations), len(expectations)),
        (sum(kind in parts for kind in kinds), len(kinds)),
        sum(name in exercised.skipped and (name,) not in parts for name in models),
    )


def list_untested(plan: Plan, models: Mapping[str, CompiledModel], exercised: Exercised) -> Iterator[Diagnostic]:
    """What tests do not exercise, in the order of the models; one diagnostic for a model that no test runs."""
    for planned in plan.models:
        if planned.model.id not in models:
            continue
        model = planned.model
        if (model.id,) not in exercised.parts:
            yield _untested_model(model, exercised)
            continue
        yield from _untested_expectations(model, exercised)
        for kind in possible_kinds(models[model.id].changes):
            if (model.id, kind) not in exercised.parts:
                message = f"no test of `{model.id}` applies {KINDS[kind]}"
                yield Diagnostic(codes.UNTESTED_CHANGE, message, Span(model.path))


def _untested_model(model: ResolvedModel, exercised: Exercised) -> Diagnostic:
    """A model that no test ran: there is no test of it, or each was skipped."""
    reason = exercised.skipped.get(model.id)
    if reason is not None:
        message = f"each test of `{model.id}` was skipped: {reason}"
        return Diagnostic(codes.SKIPPED_MODEL, message, Span(model.path), hint=_ON_SPARK)
    hint = f"`cbx test --generate {model.id}` writes a first one"
    return Diagnostic(codes.UNTESTED_MODEL, f"no test runs `{model.id}`", Span(model.path), hint=hint)


_ON_SPARK = "`cbx test --engine spark` runs it"


def _untested_expectations(model: ResolvedModel, exercised: Exercised) -> Iterator[Diagnostic]:
    hint = f"a test of the model was skipped; {_ON_SPARK}" if model.id in exercised.skipped else None
    for expectation in model.expectations:
        sides = {side for side in (MET, BROKEN) if (model.id, expectation.name, side) in exercised.parts}
        if len(sides) == 2:
            continue
        verb = "breaks" if MET in sides else "meets"
        message = f"no test of `{model.id}` has a row that {verb} `{expectation.name}`"
        yield Diagnostic(codes.UNTESTED_EXPECTATION, message, expectation.name_span, label="not tested", hint=hint)
