"""A pipeline as it may be shown to everyone: without keys, tokens, passwords, or home folders."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

REDACTED = '"(redacted)"'

_SENSITIVE = (
    "key keys apikey token secret secrets password passwords passwd passphrase pwd credential credentials "
    "auth authorization bearer"
)
"""Words of a name whose value is nobody's business; `tokens` is not among them, since `max_tokens` is a number."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_INNOCENT = re.compile(r"[-+]?[\d_.]+(?:e[-+]?\d+)?|true|false|null|~|", re.I)

_NAME = re.compile(r"[\w.-]+")
_ANCHOR = re.compile(r"&\S+\s+")
_USERINFO = re.compile(r"(?<=://)[^\s/@\"'`]+@")
_QUERY = re.compile(r"([?&][\w-]*(?:key|token|secret|password|auth|sig)[\w-]*=)[^&\s\"'#]+", re.I)
_SAID = re.compile(
    r"((?:api[_-]?key|token|secret|password)[\"']?\s*[:=]\s*[\"']?)(?!\(redacted\))[^\s\"',}\]]{6,}", re.I
)
_KNOWN = re.compile(
    r"\b(?:hf_|sk-|ghp_|github_pat_|glpat-|xox[abp]-|AKIA|AIza|gsk_)[\w-]{12,}|(?<=Bearer )[\w.~+/=-]{8,}"
)


def redact_yaml(text: str) -> str:
    """The YAML text as its author laid it out, secrets replaced."""
    spans = set(_secret_spans(yaml.compose(text, Loader=yaml.SafeLoader), set()))
    outermost = [(a, b) for a, b in spans if not any(c <= a and b <= d and (a, b) != (c, d) for c, d in spans)]
    for start, end in sorted(outermost, reverse=True):
        value = text[start:end].rstrip()
        anchor = _ANCHOR.match(value)
        text = text[:start] + (anchor[0] if anchor else "") + REDACTED + text[start + len(value) :]
    return redact(text)


def redact(text: str) -> str:
    """Free text with the secrets replaced that can be told by their form: URL logins, token formats, `password=...`."""
    text = _hidden(text)
    home = os.path.expanduser("~")  # noqa: PTH111 (Path.home raises where there is none)
    return text.replace(home, "~") if len(home) > 1 else text


def holds_secret(text: str) -> bool:
    """Whether `redact` would replace a secret in it."""
    return _hidden(text) != text


def _hidden(text: str) -> str:
    text = _USERINFO.sub("(redacted)@", text)
    text = _QUERY.sub(r"\1(redacted)", text)
    text = _SAID.sub(r"\1(redacted)", text)
    return _KNOWN.sub("(redacted)", text)


def redact_setting(path: str, value: str) -> str:
    """The value of `--set path=value`."""
    if any(map(is_sensitive, path.split("."))) and not _INNOCENT.fullmatch(value):
        return "(redacted)"
    try:
        return redact_yaml(value)
    except yaml.YAMLError:
        return redact(value)


def redact_word(text: str) -> str:
    """One word of a command line, such as `openai: {api_key: ...}` or `key=value`; others, paths too, as they are."""
    name, sign, value = text.partition("=")
    if sign and _NAME.fullmatch(name) and redact_setting(name, value) == "(redacted)":
        return f"{name}=(redacted)"
    told = redact_setting("", text)
    return told if "(redacted)" in told else text


def is_sensitive(name: str) -> bool:
    """Whether a field of this name may hold a secret: `api_key`, `authToken`, not `max_tokens` or `monkey`.

    `api_key_env` names an environment variable, which is no secret.
    """
    words = [word.lower() for word in _WORD.findall(name)]
    return words[-1:] != ["env"] and any(word in _SENSITIVE.split() for word in words)


def shown_path(path: Path) -> str:
    """A path without what is above the working directory: relative to it, or the name alone."""
    whole = path.resolve()
    here = Path.cwd().resolve()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else whole.name


def _secret_spans(node: yaml.Node | None, seen: set[int]) -> Iterator[tuple[int, int]]:
    """Where values under sensitive keys stand, as character positions; aliases are followed once."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if is_sensitive(name) and not (isinstance(value, yaml.ScalarNode) and _INNOCENT.fullmatch(value.value)):
                yield value.start_mark.index, value.end_mark.index
            else:
                yield from _secret_spans(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _secret_spans(value, seen)
