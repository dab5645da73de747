"""No secret stands in a pipeline: the file is copied into its run folder, and quoted on the dataset card.

A field whose name ends in `_env` names an environment variable, whose value is read when the run starts.
"""

from collections.abc import Iterator
from typing import Any

from smoltalk.document import Document, Key
from smoltalk.errors import Problem
from smoltalk.redaction import holds_secret, is_sensitive


def no_secrets(document: Document) -> Iterator[Problem]:
    """A problem for each text under a name like `api_key`, `token`, `password`, and for each that has the form of a
    secret, whatever its name: a known kind of token, a URL with a login. What it says is never repeated."""
    yield from _in(document, document.data, (), "")


def _in(document: Document, data: Any, key: Key, sensitive: str) -> Iterator[Problem]:
    """`sensitive` is the name above that says a secret follows, if there is one."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in inner:
        says = name if isinstance(name, str) and is_sensitive(name) else sensitive
        yield from _in(document, value, (*key, name), says)
    if isinstance(data, str) and data and (sensitive or holds_secret(data)):
        sentence = (
            f"`{sensitive or '.'.join(map(str, key))}` holds a secret, and a pipeline is copied into its run folder"
        )
        hint = f"name an environment variable instead: `{sensitive}_env: NAME`" if sensitive else "take it out"
        yield document.problem(key, sentence, hint)
