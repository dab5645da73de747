"""A mixture, as YAML writes it: datasets by name, how much of each, and what its rows must be like."""
