"""Translates the records of a Spark Connect plan to the relational IR."""
