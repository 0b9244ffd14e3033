"""What Python models do: their functions are called on frames that only build a plan, and the plan is read."""
