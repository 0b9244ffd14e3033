"""Templates: Jinja in a sandbox, with spans."""
