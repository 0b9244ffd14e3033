"""The rows of a test: their notations, their types, and DataFrames of them."""
