"""SmolTalk Factory: one YAML in, a post-training dataset with balanced books out."""

__version__ = "0.1.0"
