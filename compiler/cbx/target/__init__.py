"""What is written to `target/`."""
