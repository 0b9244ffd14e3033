"""The results of parsers: declarations, texts, spans."""
