"""The connection to a workspace, its files and folders, and its errors as diagnostics."""
