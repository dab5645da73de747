"""Turns conversations into prompts with the model's own chat template, rendered in a sandbox."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from smoltalk.errors import WorldError
from smoltalk.llama.folder import read_json
from smoltalk.llama.vocabulary import Vocabulary
from smoltalk.rows import Conversation
from smoltalk.text import neutralise

_SENTINEL = "the-next-user-turn-begins-here"


class _Generation(Extension):
    """`{% generation %}` marks the assistant's words for training masks; when prompting, only its contents count."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 declares it a plain set

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)


class ChatFormat:
    """The chat template of a model folder (chat_template.jinja, or `chat_template` in tokenizer_config.json)."""

    def __init__(self, folder: Path, vocabulary: Vocabulary) -> None:
        """Raises `WorldError` when there is no template or it does not parse."""
        self._folder, self._vocabulary = folder, vocabulary
        config = read_json(folder / "tokenizer_config.json") if (folder / "tokenizer_config.json").is_file() else {}
        self._tokens = {name: _token_text(config.get(name)) for name in ("bos_token", "eos_token")}
        sandbox = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[_Generation])
        sandbox.globals["raise_exception"] = _refuse
        file = folder / "chat_template.jinja"
        text = file.read_text("utf-8") if file.is_file() else config.get("chat_template")
        if not isinstance(text, str):
            raise WorldError(f"{folder} has no chat template (chat_template.jinja)")
        try:
            self._template = sandbox.from_string(text)
        except TemplateError as error:
            raise WorldError(f"the chat template of {folder} does not parse: {error}") from None

    def prompt(self, messages: Conversation, role: str) -> list[int]:
        """Ids of the conversation and the header of `role`'s next turn.

        For `user` this is Magpie's pre-query (Xu et al. 2024, arXiv 2406.08464): everything a template puts before
        a user's words.
        """
        if role == "assistant":
            return self._vocabulary.encode(self._render(messages, add_generation_prompt=True))
        sentinel = {"role": "user", "content": _SENTINEL}
        before, found, _ = self._render([*messages, sentinel], add_generation_prompt=False).rpartition(_SENTINEL)
        if not found:
            raise WorldError(f"the chat template of {self._folder} leaves out the last user turn")
        return self._vocabulary.encode(before)

    def whole(self, messages: Conversation) -> list[int]:
        """Ids of a finished conversation."""
        return self._vocabulary.encode(self._render(messages, add_generation_prompt=False))

    def _render(self, messages: Sequence[Any], add_generation_prompt: bool) -> str:
        safe = [{**turn, "content": self._defuse(turn["content"])} for turn in messages]
        try:
            return self._template.render(messages=safe, add_generation_prompt=add_generation_prompt, **self._tokens)
        except TemplateError as error:
            raise WorldError(f"the chat template of {self._folder} refuses the conversation: {error}") from None

    def _defuse(self, content: str) -> str:
        """Content whose text cannot become a control token, whatever this tokenizer's control tokens look like."""
        content = neutralise(content)
        for token in self._vocabulary.control:
            content = content.replace(token, f"{token[0]} {token[1:]}")
        return content


def _token_text(token: Any) -> str:
    """tokenizer_config.json holds a token as its text or as an object with `content`."""
    return str(token.get("content", "")) if isinstance(token, dict) else str(token or "")
