"""The types of a change plan: the differences between what is deployed and what was compiled, and their refreshes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Refresh = Literal["none", "incremental", "full_refresh", "recreate"]
"""The refresh that a difference needs, from the least to the most.

``none``: no refresh; ``incremental``: the next update; ``full_refresh``: the table has to be emptied and filled again;
``recreate``: the table has to be dropped first.
"""

WEIGHTS: tuple[Refresh, ...] = ("none", "incremental", "full_refresh", "recreate")

Action = Literal["add", "remove", "change", "refresh"]
"""``refresh``: the model is unchanged, but its inputs are not."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A project in an environment.

    Attributes:
        manifest: The parsed manifest.
        settings: The settings of its pipeline.
        due: The models that still need a full refresh because of an earlier deployment.
    """

    manifest: Mapping[str, Any]
    settings: Mapping[str, Any]
    due: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of a model or a setting.

    Attributes:
        aspect: What differs, such as ``columns`` or ``key``.
        detail: The difference in a few words.
        refresh: The refresh that it needs.
        reason: Why an incremental refresh is not enough, or what it does not change.
        is_destructive: Whether rows are lost that no update restores.
    """

    aspect: str
    detail: str
    refresh: Refresh = "incremental"
    reason: str | None = None
    is_destructive: bool = False


@dataclass(frozen=True, slots=True)
class ModelChange:
    """A model that is added, removed, changed, or has to be refreshed."""

    model: str
    kind: str
    action: Action
    differences: tuple[Difference, ...]

    @property
    def refresh(self) -> Refresh:
        """The refresh that the model needs: the heaviest of its differences."""
        return heaviest(difference.refresh for difference in self.differences)

    @property
    def is_destructive(self) -> bool:
        """Whether rows are lost that no update restores."""
        return any(difference.is_destructive for difference in self.differences)


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """All that a deployment changes.

    Attributes:
        is_first: Whether nothing is deployed yet.
        models: The models with differences, sorted by id.
        settings: Differences of the pipeline's settings.
        checks: Differences of the checks on the data.
        project: Differences of the manifest's ``project``.
    """

    is_first: bool
    models: tuple[ModelChange, ...]
    settings: tuple[Difference, ...]
    checks: tuple[Difference, ...]
    project: tuple[Difference, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.is_first or self.models or self.settings or self.checks or self.project)

    @property
    def full_refresh(self) -> tuple[str, ...]:
        """The models that the next update has to refresh fully."""
        return tuple(change.model for change in self.models if change.refresh == "full_refresh")

    @property
    def is_destructive(self) -> bool:
        """Whether rows are lost that no update restores."""
        return bool(self.destructive)

    @property
    def destructive(self) -> tuple[tuple[str, Difference], ...]:
        """The differences that lose rows, each with its model or setting."""
        of_models = [(change.model, difference) for change in self.models for difference in change.differences]
        of_settings = [(difference.aspect, difference) for difference in self.settings]
        return tuple((name, difference) for name, difference in (*of_models, *of_settings) if difference.is_destructive)


def heaviest(refreshes: Iterable[Refresh]) -> Refresh:
    """The heaviest of several refreshes."""
    return WEIGHTS[max((WEIGHTS.index(refresh) for refresh in refreshes), default=0)]
