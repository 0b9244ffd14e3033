"""Renders a graph document as tree, Mermaid, DOT, SVG, HTML or JSON. Pure functions."""
