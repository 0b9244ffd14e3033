"""The types that passes hand on, as named tuples."""
