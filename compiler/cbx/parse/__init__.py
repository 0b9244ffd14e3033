"""From text to syntax. Parsers return what could be read, and report the rest."""
