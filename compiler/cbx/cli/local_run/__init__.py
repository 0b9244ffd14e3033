"""What ``cbx run`` needs: configuration, selection, places of models, and a watch on files."""
