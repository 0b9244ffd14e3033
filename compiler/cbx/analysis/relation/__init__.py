"""Relations and their properties."""
