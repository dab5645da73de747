"""Strings that look like secrets, in texts that are about to be everybody's.

Only what has the form of a real token is told of: datasets about programming are full of `password = "hunter2"`.
"""

import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

_FORMS = {
    "a Hugging Face token": r"hf_[A-Za-z0-9]{30,}",
    "an API key of OpenAI's form": r"sk-[A-Za-z0-9_-]{20,}",
    "a GitHub token": r"gh[pousr]_[A-Za-z0-9]{30,}",
    "a GitHub token of one repository": r"github_pat_[A-Za-z0-9_]{40,}",
    "a GitLab token": r"glpat-[A-Za-z0-9_-]{20,}",
    "a Slack token": r"xox[abprs]-[A-Za-z0-9-]{20,}",
    "an AWS access key": r"AKIA[0-9A-Z]{16}",
    "a Google API key": r"AIza[A-Za-z0-9_-]{35}",
    "a Groq key": r"gsk_[A-Za-z0-9]{40,}",
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\\?[\s\\rn]*[A-Za-z0-9+/=]{40,}",
}
"""By what a person would call it. Every form starts with letters that are in no other text, so a scan is one pass."""

_ROUGH = (
    "hf_[A-Za-z0-9]{30}", "sk-[A-Za-z0-9_-]{20}", "gh[pousr]_[A-Za-z0-9]{30}", "github_pat_", "glpat-",
    "xox[abprs]-[A-Za-z0-9-]{20}", "AKIA[0-9A-Z]{16}", "AIza[A-Za-z0-9_-]{35}", "gsk_[A-Za-z0-9]{40}",
    "-----BEGIN [A-Z ]*PRIVATE KEY",
)  # fmt: skip
"""The same for RE2, without what only a close look needs."""

_PLACEHOLDER = re.compile(r"x{4}|0{5}|1234|abcd|example|your|token|secret|placeholder|fake|dummy|test|\.\.\.", re.I)
_LEAST_BITS = 3.0
"""Bits of information a letter (Shannon): random letters and digits have more than 4."""
_ENVIRONMENT = re.compile(r"(?:^|_)(?:API_?)?(?:KEY|TOKEN|SECRET|PASSWORD)$", re.I)
_LEAST_LETTERS = 16


class Found(NamedTuple):
    """Where a secret seems to be; what it is, is never told."""

    file: str
    row: str
    """The row's id; empty in files without rows."""
    kind: str


class Secrets:
    """Looks for tokens of known forms, and for secrets of this process: `own` is value -> what to call it."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self._own = dict(own)
        forms = [f"(?P<k{i}>{form})" for i, form in enumerate(_FORMS.values())]
        known = rf"(?<![A-Za-z0-9_])(?:{'|'.join(forms)})"
        self._pattern = re.compile("|".join([known, *map(re.escape, self._own)]))
        self._rough = "|".join([*_ROUGH, *map(_quoted, self._own)])

    def in_text(self, text: str) -> Iterator[str]:
        """The kinds of secret in it."""
        for match in self._pattern.finditer(text):
            if match.lastgroup is None:
                yield self._own[match[0]]
            elif match[0].startswith("-----") or _random(match[0]):
                yield list(_FORMS)[int(match.lastgroup[1:])]

    def in_rows(self, batch: "pa.RecordBatch") -> Iterator[tuple[int, str]]:
        """(row of the batch, kind). A batch with nothing suspicious is never looked at row by row."""
        if not any(self._suspicious(texts) for column in batch.columns for texts in _texts(column)):
            return
        for number, row in enumerate(batch.to_pylist()):
            yield from ((number, kind) for text in _strings(row) for kind in self.in_text(text))

    def _suspicious(self, texts: "pa.Array") -> bool:
        import pyarrow.compute as pc

        return bool(pc.any(pc.match_substring_regex(texts, self._rough)).as_py())


def own_secrets() -> dict[str, str]:
    """Secrets that this process holds: the Hub's token, and what stands in variables like `OPENAI_API_KEY`."""
    from huggingface_hub import get_token

    found = {
        value: f"the value of ${name}"
        for name, value in os.environ.items()
        if _ENVIRONMENT.search(name) and len(value) >= _LEAST_LETTERS
    }
    token = get_token()
    if token and len(token) >= _LEAST_LETTERS:
        found[token] = "your Hugging Face token"
    return found


def _quoted(text: str) -> str:
    """For RE2, which knows fewer escapes than Python."""
    return re.sub(r"([^A-Za-z0-9_])", r"\\\1", text)


def _random(token: str) -> bool:
    """Whether it was drawn by a machine: neither a word, nor a name in an example."""
    body = re.split(r"[_-]", token, maxsplit=1)[-1] if token[:4] not in ("AKIA", "AIza") else token[4:]
    if _PLACEHOLDER.search(body):
        return False
    counts = Counter(body)
    bits = -sum(n / len(body) * math.log2(n / len(body)) for n in counts.values())
    kinds = (any(map(str.islower, body)), any(map(str.isupper, body)), any(map(str.isdigit, body)))
    return bits >= _LEAST_BITS and sum(kinds) >= 2


def _texts(array: "pa.Array") -> "Iterator[pa.Array]":
    """The texts at the leaves of a column, flat."""
    import pyarrow as pa

    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        yield from _texts(array.storage)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield array
    elif pa.types.is_dictionary(kind):
        yield from _texts(array.dictionary)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _texts(array.flatten())
    elif pa.types.is_struct(kind):
        for field in array.flatten():
            yield from _texts(field)


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _strings(inner)
        case list():
            for inner in value:
                yield from _strings(inner)
