"""Training data: motion capture, archives, synthetic views."""
