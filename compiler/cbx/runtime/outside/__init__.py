"""What a pipeline reads from outside: tables of a catalog, for which files stand in."""
