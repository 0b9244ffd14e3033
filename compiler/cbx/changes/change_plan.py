"""The types of a change plan: the differences between what is deployed and what was compiled, with their weight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Refresh = Literal["none", "incremental", "full_refresh", "recreate"]
"""What a difference asks of the next update, from the least to the most.

``none``: nothing, the dataset is gone or only described in other words; ``incremental``: a usual update;
``full_refresh``: the table has to be emptied and filled anew; ``recreate``: the table cannot become what is wanted
and has to be dropped first.
"""

WEIGHTS: tuple[Refresh, ...] = ("none", "incremental", "full_refresh", "recreate")

Action = Literal["add", "remove", "change", "refresh"]
"""``refresh``: the model itself is as it was, but what it reads is not."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A project in an environment.

    Attributes:
        manifest: What is known of its models.
        settings: The settings of its pipeline.
        due: The models that an earlier deployment left to be refreshed fully.
    """

    manifest: Mapping[str, Any]
    settings: Mapping[str, Any]
    due: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing about a model or a setting that is not as it was.

    Attributes:
        aspect: What it is about, such as ``columns`` or ``key``.
        detail: The difference in a few words.
        refresh: What it asks of the next update.
        reason: Why that is more than a usual update, or what the usual update leaves undone.
        is_destructive: Whether rows are lost that no update brings back.
    """

    aspect: str
    detail: str
    refresh: Refresh = "incremental"
    reason: str | None = None
    is_destructive: bool = False


@dataclass(frozen=True, slots=True)
class ModelChange:
    """A model that is new, gone, different, or has to be refreshed."""

    model: str
    kind: str
    action: Action
    differences: tuple[Difference, ...]

    @property
    def refresh(self) -> Refresh:
        """What the model needs: the most that any of its differences asks for."""
        return heaviest(difference.refresh for difference in self.differences)

    @property
    def is_destructive(self) -> bool:
        """Whether rows are lost that no update brings back."""
        return any(difference.is_destructive for difference in self.differences)


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """All that a deployment changes.

    Attributes:
        is_first: Whether nothing is deployed yet.
        models: The models that are not as they were, in the order of their ids.
        settings: Differences of the pipeline's settings.
        checks: Differences of the checks on keys and relationships.
        project: Differences of the manifest that belong to no model.
    """

    is_first: bool
    models: tuple[ModelChange, ...]
    settings: tuple[Difference, ...]
    checks: tuple[Difference, ...]
    project: tuple[Difference, ...]

    @property
    def is_empty(self) -> bool:
        """Whether all is as it was."""
        return not (self.is_first or self.models or self.settings or self.checks or self.project)

    @property
    def full_refresh(self) -> tuple[str, ...]:
        """The models that the next update has to refresh fully."""
        return tuple(change.model for change in self.models if change.refresh == "full_refresh")

    @property
    def is_destructive(self) -> bool:
        """Whether anything is lost that no update brings back."""
        return bool(self.destructive)

    @property
    def destructive(self) -> tuple[tuple[str, Difference], ...]:
        """The differences that lose rows, each with the model or setting it is about."""
        of_models = [(change.model, difference) for change in self.models for difference in change.differences]
        of_settings = [(difference.aspect, difference) for difference in self.settings]
        return tuple((name, difference) for name, difference in (*of_models, *of_settings) if difference.is_destructive)


def heaviest(refreshes: Iterable[Refresh]) -> Refresh:
    """The refresh that covers all of the given ones."""
    return WEIGHTS[max((WEIGHTS.index(refresh) for refresh in refreshes), default=0)]
