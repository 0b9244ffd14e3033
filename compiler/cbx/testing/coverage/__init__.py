"""What the tests exercised."""
