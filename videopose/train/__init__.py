"""Training and judging lifters."""
