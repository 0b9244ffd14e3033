"""What must be known before Spark starts."""
