"""Flows: how tables and sinks get their rows."""
