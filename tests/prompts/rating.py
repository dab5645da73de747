"""A template that asks for a rating in JSON, and files of templates."""

from pathlib import Path

from smoltalk import prompts

RATE = """---
returns: {why: str, quality: [poor, good], stars: int, share: float, sure: bool}
system: You rate {{ topic }}.
example: {topic: rain, instruction: "Write a haiku"}
---
Rate this:

{{ instruction }}
"""
GOOD = {"why": "clear", "quality": "good", "stars": 4, "share": 0.5, "sure": True}


def write(folder: Path, text: str, name: str = "t.j2") -> prompts.Template:
    """A file of that text, found as a pipeline finds it."""
    (folder / name).write_text(text, encoding="utf-8")
    return prompts.find(name, folder)
