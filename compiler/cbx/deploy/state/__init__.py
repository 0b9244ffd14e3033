"""The state of a deployment, which is stored in the workspace, and its lock."""
