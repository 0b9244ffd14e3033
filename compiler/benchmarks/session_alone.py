"""What any Spark script pays: a session and one trivial query. The measure of a run that has nothing to do.

Usage: ``python session_alone.py SCRATCH [MASTER]``
"""

from __future__ import annotations

import sys
from pathlib import Path

from by_hand import start_session


def main() -> None:
    """Start, ask, leave."""
    master = sys.argv[2] if len(sys.argv) > 2 else "local[*]"
    spark = start_session(Path(sys.argv[1]), master)
    assert spark.range(1000).selectExpr("sum(id)").first() == (499_500,)


if __name__ == "__main__":
    main()
