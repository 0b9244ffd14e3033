"""SQL identifiers, with backquotes where Spark wants them."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def quoted_if_needed(name: str) -> str:
    """A name as an identifier: as it is where it is plain, in backquotes where it is not."""
    return name if _PLAIN.match(name) else "`" + name.replace("`", "``") + "`"
