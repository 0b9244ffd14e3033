"""Templates: Jinja in a sandbox, with places."""
