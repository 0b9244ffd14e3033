"""The names of datasets: their parts, case and the legacy schema ``LIVE``.

Spark ignores the case of names, and ``LIVE.customers`` is a table of the pipeline (the Databricks page "LIVE schema
(legacy)"), so names are normalized before they are compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT_SCHEMA = "default"

_PART = re.compile(r"\s*(?:`((?:[^`]|``)*)`|([^.`\s]+))\s*(\.|$)")


class InvalidNameError(ValueError):
    """A dataset name that does not have one to three parts."""


@dataclass(frozen=True, slots=True)
class DatasetName:
    """A dataset's name: as written, and as compared.

    Attributes:
        parts: One to three lower-case parts (table; schema and table; catalog, schema and table).
        written: The name as the notebook spells it.
    """

    parts: tuple[str, ...]
    written: str

    @classmethod
    def parse(cls, text: str) -> DatasetName:
        """Parse a dotted name, with backticks or without, and remove a leading ``LIVE``.

        Args:
            text: For example ``silver.customers``, ``LIVE.customers`` or a name within backticks.

        Raises:
            InvalidNameError: If the text does not have one to three dotted identifiers.
        """
        parts, position = [], 0
        while position <= len(text):
            match = _PART.match(text, position)
            if match is None:
                raise InvalidNameError(f"`{text}` is not a table name")
            parts.append((match[1] or "").replace("``", "`") or match[2] or "")
            position = match.end()
            if match[3] != ".":
                break
        if position != len(text) or not all(parts):
            raise InvalidNameError(f"`{text}` is not a table name")
        return cls.of(parts)

    @classmethod
    def of(cls, parts: list[str]) -> DatasetName:
        """A name from its parts.

        Raises:
            InvalidNameError: If there are more than three parts.
        """
        if len(parts) > 1 and parts[0].lower() == "live":
            parts = parts[1:]
        if not 1 <= len(parts) <= 3:
            raise InvalidNameError(f"`{'.'.join(parts)}` has {len(parts)} parts: a name has at most three")
        return cls(tuple(part.lower() for part in parts), ".".join(parts))

    @property
    def key(self) -> str:
        """The normalized name: schema and table, without the catalog."""
        return self.table if self.schema == DEFAULT_SCHEMA else f"{self.schema}.{self.table}"

    @property
    def schema(self) -> str:
        """The schema."""
        return self.parts[-2] if len(self.parts) > 1 else DEFAULT_SCHEMA

    @property
    def table(self) -> str:
        """The last part."""
        return self.parts[-1]
