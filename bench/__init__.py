"""What the factory costs, measured beside a named rival in the same run; `python -m bench` runs all of it."""
