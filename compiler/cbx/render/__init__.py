"""Graphs as text and pictures: from a graph document to tree, mermaid, dot, SVG, HTML and JSON. Pure functions."""
