"""Deployment to a Databricks workspace, the only user of ``databricks-sdk``."""
