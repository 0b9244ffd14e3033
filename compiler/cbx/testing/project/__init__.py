"""The project whose models are tested."""
