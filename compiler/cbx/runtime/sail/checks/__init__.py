"""Checks which plans Sail runs as Spark does, before an update begins."""
