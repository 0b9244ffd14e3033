"""A model's notebook, run on given rows."""
