"""The text of SQL statements."""
