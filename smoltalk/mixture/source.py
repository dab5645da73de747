"""One dataset of a mixture: where it is, which columns hold its conversations, how much of it goes in."""

from typing import Annotated, Any, Literal

from pydantic import Field

from smoltalk.contracts import Part

Speaker = Literal["system", "user", "assistant"]

Value = str | int | float | bool

MOST = 2**53
"""Rows: more than there are anywhere, and what every program that reads JSON can still count to."""
NEAR_ONE = 0.005
"""How far the sum of shares may be from 1: they are rounded by who writes them."""
OFTEN = 100
"""How often a row may go in at most."""


class MixSource(Part):
    """A dataset: exactly one of `hub`, `files` and `run` says where it is. What is wrong with one, `mistakes` says."""

    hub: str | None = None
    """A dataset on the Hub: `org/name`."""
    config: str | None = None
    """Of a Hub dataset: its configuration."""
    split: str = "train"
    """Of a Hub dataset: its split."""
    revision: str | None = None
    """Of a Hub dataset: a commit, tag or branch. A run reads one commit to its end, and writes down which."""
    files: str | list[str] | None = None
    """JSON Lines or Parquet: files, folders or globs, relative to the working directory."""
    run: str | None = None
    """The folder of a finished run, or of another mixture's."""
    licence: str | None = None
    """The dataset's licence; a run's is that of its pipeline."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Ours to theirs. `messages: conversations` reads turns, OpenAI's or ShareGPT's; `user: question` with
    `assistant: answer` (and `system: ...`) makes turns of texts; other names are kept as columns. Not needed where
    they have `messages`, or for pairs `prompt`, `chosen` and `rejected`."""
    where: dict[str, Value | list[Value]] = Field(default_factory=dict)
    """Only rows whose column is this value, or one of these: `{category: [math, coding]}`. Theirs, not ours."""
    share: float | None = Field(default=None, gt=0, le=1)
    """Its share of the mixture's `rows`."""
    count: int | None = Field(default=None, gt=0, le=MOST)
    """Rows of it that go in; without `count` and `share`, all that pass."""
    repeat: int = Field(default=1, ge=1, le=OFTEN)
    """How often a row may go in where there are fewer than were asked for. With neither `share` nor `count`, how often
    each row goes in."""


Splits = Annotated[dict[str, float], Field(min_length=1)]


class Mix(Part):
    """Datasets mixed into one: `mix:` stands in a pipeline in the place of steps.

    Every row's place is decided by its `id` alone: adding a source reshuffles no other.
    """

    sources: dict[str, MixSource] = Field(min_length=1)
    """Datasets by name; the name becomes the column `source`. Of rows that repeat each other, that of the earlier
    source stays."""
    rows: int | None = Field(default=None, gt=0, le=MOST)
    """Rows of the whole mixture, all splits together; what shares are shares of."""
    splits: Splits = Field(default_factory=lambda: {"train": 1.0})
    """The mixture's splits and their shares."""
    tokenizer: str | None = None
    """What counts tokens: `nano`, a tokenizer.json or the folder of one, or a model of the Hub."""
    max_tokens: int | None = Field(default=None, gt=0)
    """Tokens in a row at most, as the tokenizer's chat template writes it."""
    min_turns: int | None = Field(default=None, gt=0)
    """Turns at least; a system prompt is none."""
    max_turns: int | None = Field(default=None, gt=0)
    """Turns at most."""


def wanted(mix: Mix) -> dict[str, int | None]:
    """Rows that each source should give; None for all that pass.

    Shares are rounded down, and the rows left over go to the largest remainders; of equals, to the earlier source.
    Shares that nearly sum to 1 are taken as if they did. Sources with neither are not counted in `rows`.
    """
    total = sum(source.share for source in mix.sources.values() if source.share is not None)
    whole = (mix.rows or 0) / (total if abs(total - 1) <= NEAR_ONE else 1)
    asked: dict[str, int | None] = {name: source.count for name, source in mix.sources.items()}
    exact: dict[str, Any] = {n: s.share * whole for n, s in mix.sources.items() if s.share is not None}
    floors = {name: int(number + 1e-9) for name, number in exact.items()}
    spare = round(sum(exact.values())) - sum(floors.values())
    for name in sorted(exact, key=lambda name: floors[name] - exact[name])[:spare]:
        floors[name] += 1
    return asked | floors
