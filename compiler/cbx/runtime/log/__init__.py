"""The log of updates."""
