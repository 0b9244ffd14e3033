"""Skips what need not be compiled again: records the last compilation and detects changes since then."""
