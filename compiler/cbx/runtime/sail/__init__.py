"""Runs the queries of a pipeline on Sail, a Spark Connect engine in this process that needs no Java."""
