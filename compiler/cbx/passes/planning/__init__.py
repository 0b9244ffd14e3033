"""Parts of the plan: the checks of data tests, and the schemas of tables."""
