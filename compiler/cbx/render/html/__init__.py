"""Renders the graph as one HTML file that loads nothing.

``page/`` has its parts as separate files: the document, the style sheet and the scripts, which are ES modules. They are
joined when a page is written; there is no other build step. ``vendor/`` has D3's zoom, Dagre and Prism as published on
npm, with their licences.
"""
