"""How names are written."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from macros.spaces import squeeze

UNKNOWN = "?"
NEVER_USED = "left out of every notebook"


def tidy(name: str) -> Column:
    """A name in capitals, without spare white space."""
    return squeeze(F.upper(name))
