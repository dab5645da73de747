"""People look at rows: what they are shown, what they answer, and what the books make of it."""
