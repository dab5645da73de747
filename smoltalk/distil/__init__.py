"""Where distilabel and we meet: its one door, our engines as its LLMs, its steps as seen from a YAML."""
