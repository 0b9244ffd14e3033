"""The types and defaults of the settings in ``project.toml``."""
