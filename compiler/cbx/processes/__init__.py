"""Work divided among forked processes, and when their garbage is collected."""
