"""JSON that cannot end the element it stands in."""

from __future__ import annotations

import json
from typing import Any


def safe_json(value: Any) -> str:
    """JSON for a script element: neither ``</script>`` nor ``<!--`` can occur in it, nor anything but ASCII.

    The rule is that of the HTML standard, "Restrictions for contents of script elements".
    """
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
