"""Merges the random changes of `test_auto_cdc_streams` on Sail, and prints the first difference from the reference.

Flows that ignore NULLs and sequences of several columns are left out: Spark runs them.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[3]))

from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses

from cbx.runtime.sail.session import start_sail
from compiler.tests.runtime import test_auto_cdc_streams as streams

if __name__ == "__main__":
    sail = start_sail()
    merged = [
        (number, options)
        for number, options in enumerate(streams.every_combination(random.Random(streams.SEED)))
        if not any(options.ignored) and not options.has_struct_sequence
    ][: max(1, streams.STREAMS // streams.STREAMS_AT_ONCE)]
    for number, options in merged:
        rng = random.Random(f"{streams.SEED} {number}")
        rows = streams.drawn_changes(rng, options, range(streams.STREAMS_AT_ONCE))
        changes = sail.spark.createDataFrame([tuple(row.values()) for row in rows], streams.SCHEMA)
        state, expected, actual = None, [], []
        with TemporaryDirectory() as folder:
            for batch in range(streams.BATCHES):
                arrived = changes.filter(F.col("batch") == batch)
                arrived = arrived.drop("b") if options.b_comes_late and batch == 0 else arrived
                now = streams.merge_flows(state, arrived, options)
                state = streams.store_and_read(now, Path(folder) / str(batch))
                expected.append(streams.expected_target(options, [row for row in rows if row["batch"] <= batch]))
                actual.append(streams.actual_target(options, state))
        if expected != actual:
            sys.exit(streams.first_difference(options, rows, expected, actual))
    print(len(merged), "combinations of options")
