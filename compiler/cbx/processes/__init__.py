"""Work divided among forked processes."""
