"""Parses text to syntax. Parsers return what they could parse, and report the rest."""
