"""Addresses within the page, for links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class PageAddress:
    """A view, and the model whose page is open. ``address.js`` reads the same fragments."""

    view: Literal["lineage", "relationships"] = "lineage"
    model: str | None = None
    tab: Literal["overview", "columns", "source", "notebook"] = "overview"
    column: str | None = None

    @property
    def fragment(self) -> str:
        """The end of the URL: ``#/lineage/silver.orders/columns/order_id``."""
        parts: list[str] = [self.view]
        if self.model is not None:
            parts += [self.model, self.tab] if self.column is None else [self.model, "columns", self.column]
        return "#/" + "/".join(quote(part, safe="") for part in parts)
