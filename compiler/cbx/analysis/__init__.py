"""What is known of a query's result before it runs: its columns, where they come from, and what is unique in it."""
