"""Decides which hazards a query has, by the keys, relationships and columns without NULL of its tables."""
