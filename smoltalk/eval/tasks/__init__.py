"""What a model can be evaluated on, one task a file."""
