"""The graph as one HTML file that needs nothing from elsewhere.

``page/`` holds what it is made of, as files of their own: the text, the sheet of styles and the scripts, which are ES
modules. They are joined when a page is written; there is no other build. ``vendor/`` holds D3's zooming and Prism's
highlighting as they stand in npm, with their licences.
"""
