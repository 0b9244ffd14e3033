"""The plans of queries."""
