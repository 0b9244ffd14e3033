"""JSON that cannot end the script element around it."""

from __future__ import annotations

import json
from typing import Any


def safe_json(value: Any) -> str:
    """JSON in ASCII for a script element, without ``</script>`` and ``<!--``.

    The rule is that of the HTML standard, "Restrictions for contents of script elements".
    """
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
