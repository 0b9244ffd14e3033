"""The text of Databricks SQL: tokens, types, and what sqlglot cannot read."""
