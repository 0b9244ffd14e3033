"""What the payment notebooks share."""
