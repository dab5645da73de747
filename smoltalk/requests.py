"""What engines are asked and what comes back."""

from typing import Any, Literal, NamedTuple

from pydantic import Field

from smoltalk.described import Described
from smoltalk.rows import Conversation


class Sampling(Described):
    """How an engine draws its reply, in the words of the OpenAI and vLLM APIs."""

    temperature: float = Field(default=1.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=512, gt=0)
    max_tokens_limit: int | None = Field(default=None, gt=0)
    """How far `max_tokens` may grow, doubling, when replies are cut off; default: four times."""
    stop: tuple[str, ...] = ()
    """Strings that end the reply; they are not part of it."""
    forbid_first: tuple[str, ...] = ()
    """Strings the reply must not start with (de-markdown: `#`, `**`); applied to the first token only."""


class Request(NamedTuple):
    """What an engine is asked: write the next turn of `messages`."""

    messages: Conversation
    sampling: Sampling
    role: Literal["assistant", "user"] = "assistant"
    """Whose turn to write. `user` is Magpie's pre-query: the chat template up to and including the user header."""
    schema: dict[str, Any] | None = None
    """JSON schema the reply should fit; engines that can, enforce it, the step checks it in any case."""
    seed: int = 0
    regex: str | None = None
    """The reply should match it whole; enforced and checked as `schema` is."""
    choice: tuple[str, ...] = ()
    """The reply should be one of these."""


class Reply(NamedTuple):
    """What came back. `text` of a score is the number's repr, of a vector `smoltalk.vectors.vector_text`."""

    text: str
    finish: Literal["stop", "length", "score", "vector", "refused", "forbidden_start"] = "stop"
    """`refused` by the model or a content filter, `forbidden_start` after every draw: paid for, and the row's end."""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    engine: str = ""
    """Which engine wrote it: of a pool, the one that did; filled in by the executor where the engine does not."""
    cost: float = 0.0
    """What the endpoint charges for it, in the currency of the engine's price table."""
    cached: int = 0
    """Tokens of the prompt that the server had in its cache, where it tells."""
    reasoning: str = ""
    """What a thinking model thought, where the server keeps it apart from the text."""
