"""Reading user files within limits."""
