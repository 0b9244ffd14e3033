"""Auto Loader on a laptop: `spark.readStream.format("cloudFiles")` as Spark's own file streams.

The rules are those of https://docs.databricks.com/aws/en/ingestion/cloud-object-storage/auto-loader/; where Spark
lacks a part (evolution, hints, the rescued data column), it is built from Spark's own expressions, so that the
result stays one streaming plan without Python in it.
"""

from __future__ import annotations

from cbx.runtime.auto_loader.errors import AutoLoaderError, explain_failure, missing_file_system
from cbx.runtime.auto_loader.stream import open_batch, open_stream

__all__ = ["AutoLoaderError", "explain_failure", "missing_file_system", "open_batch", "open_stream"]
