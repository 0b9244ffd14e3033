"""What a deployment creates and sets in the workspace, one file per resource."""
