"""From text to syntax. Parsing never fails: it returns what it could read, and reports the rest."""
