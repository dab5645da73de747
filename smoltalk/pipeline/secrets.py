"""No secret stands in a pipeline: the file is copied into its run folder, and quoted on the dataset card."""

from collections.abc import Iterator
from typing import Any

from smoltalk.document import Document, Key
from smoltalk.errors import Problem
from smoltalk.redaction import is_sensitive


def no_secrets(document: Document) -> Iterator[Problem]:
    """A problem for each value that stands where a secret would: under `api_key`, `token`, `password`, ..."""
    yield from _in(document, document.data, ())


def _in(document: Document, data: Any, key: Key) -> Iterator[Problem]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in inner:
        at = (*key, name)
        if isinstance(name, str) and isinstance(value, str) and value and is_sensitive(name):
            if not value.startswith("$"):
                sentence = f"`{name}` holds a secret, and a pipeline is copied into its run folder"
                hint = f"name an environment variable there instead: `{name}: $NAME`"
                yield document.problem(at, sentence, hint)
        else:
            yield from _in(document, value, at)
