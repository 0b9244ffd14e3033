"""Notes hazards, and what may be one, while a query is read."""
