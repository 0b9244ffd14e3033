"""Parts of the check of aggregates: where columns are at home, verdicts in words, and counting queries."""
