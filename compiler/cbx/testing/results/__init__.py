"""The result of a model, and how it differs from the expected rows."""
