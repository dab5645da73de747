"""What a mixing call tells while it works, and what it comes to."""

from typing import Literal, NamedTuple

from smoltalk.run.ledger import Books

Stage = Literal["sift", "choose", "write"]


class Progress(NamedTuple):
    """How far a call is. Told often: who shows it decides how often."""

    stage: Stage
    source: str
    """Of the rows that were worked on last."""
    rows: int
    """That this stage is through with, over all sources."""
    of: int
    """That it will go through, those it need not do again among them; 0 while nobody knows (as in *sift*)."""
    seconds: float
    """Since the call began."""


class OfSource(NamedTuple):
    """What became of one source. `born = accepted + beyond + rejected + failed`; all are rows."""

    name: str
    origin: str
    """What it is, for people."""
    licence: str | None
    commit: str | None
    """Of a dataset on the Hub: the commit that was read."""
    asked: int | None
    """None: all that pass."""
    born: int
    accepted: int
    copies: int
    """Of the accepted ones: rows that go in once more."""
    beyond: int
    """Turned away since there are enough of the source: rejected by `mix`, counted apart here."""
    rejected: int
    failed: int
    passed_over: int
    """Rows that `where` does not ask for: not born."""
    mended: int
    """Born rows in which control tokens were broken, or half characters and bytes that are no UTF-8 replaced."""
    tokens: int
    """In accepted rows; 0 without a tokenizer."""


class Result(NamedTuple):
    """What a call comes to."""

    books: Books
    """`books.state` is `complete`, or `stopped` where a source has fewer rows than were asked for: `books.why`."""
    sources: tuple[OfSource, ...]
    """In the order of the pipeline."""
    splits: dict[str, int]
    """Accepted rows of each split."""
    kept: int
    """Pieces that an earlier call had sifted."""
    done: bool
    """Nothing was left to do: an earlier call had finished this very mixture."""
    seconds: float
    """Of this call."""
    command: str
    """What to do about a mixture that is short of rows; empty for a complete one."""
    changed: tuple[str, ...] = ()
    """What was edited since the earlier call: `source` (the mixture and its data) and `gates`."""
    lost: bool = False
    """An earlier call had finished this very mixture, and files of it were missing or damaged: written again."""
