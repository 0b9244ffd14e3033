"""Deploying to a Databricks workspace: the only room that uses ``databricks-sdk``."""
