"""What `import dlt` gives a notebook."""
