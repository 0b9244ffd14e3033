"""What a deployment changes: two manifests compared, and for each model whether a full refresh is needed and why."""
