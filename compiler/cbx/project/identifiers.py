"""What names of layers, models and macros may look like."""

from __future__ import annotations

import re

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
DEVICE = re.compile("(con|prn|aux|nul|(com|lpt)[1-9\u00b9\u00b2\u00b3])\\Z", re.IGNORECASE)
"""Names of devices on Windows, with any suffix: git cannot check out a file or folder with such a name there."""
BETWEEN = ":"
"""Between the name of another project and the id of its model: ``crm:silver.customers``."""
