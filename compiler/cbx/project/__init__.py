"""`project.toml`: where it is and what it says."""
