"""Traces Python models: calls their functions on frames that only build a plan, and reads the plan."""
