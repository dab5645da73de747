"""A task is one file in `templates/`: what to ask, as jinja2, and what must come back, in its header.

    ---
    description: how clear is a user's question?
    returns: {explanation: str, quality: [poor, average, good]}
    example: {instruction: "Write a haiku about rain"}
    ---
    Rate this question: {{ instruction }}

`returns` maps each column to what it holds, and the reply must be one JSON object:

| in the header | in the row |
|---|---|
| `str` `int` `float` `bool` | one value |
| `[poor, average, good]` | one of these labels |
| `"list[str]"` | a list of texts, none of them empty; the list may be. The quotes are YAML's inside `{...}` |
| `json` | any JSON value, for steps and templates to look into; published as JSON text, whatever it holds |
| `messages` | a conversation: a list of `{role, content}`, user and assistant in turn, the assistant last |

`returns: text` with `column: name` keeps the whole reply, which must be one of `choice: [yes, no]`, or match a
`regex: '[A-D]'` whole, where the header gives one of them. `returns: messages` takes the whole reply as a conversation,
`User: ...` and `Assistant: ...` in turn (or a JSON list of turns), and keeps it in `column`, by default `messages`.
Engines that can, hold the model to the form; every reply is checked in any case. The optional `system` is jinja2 too;
`{{ column }}` writes a list or a mapping as JSON. Texts stand best between tags, `<answer>` and `</answer>`: a tag that
the template closes is broken where a column's text holds it (`&lt;/answer>`), so no text gets out of its place.
"""

from smoltalk.prompts.template import Template, find, names

__all__ = ["Template", "find", "names"]
