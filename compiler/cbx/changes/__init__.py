"""Compares two manifests: what a deployment changes, and which models need a full refresh and why."""
