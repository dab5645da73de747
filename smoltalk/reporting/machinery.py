"""What the report says of engines and of the time they took."""

from dataclasses import dataclass

from smoltalk.reporting.figures import Count


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What an engine did, and how its time went."""

    name: str
    plan: str
    """Its model and place, a line."""
    requests: int
    tokens_in: int
    tokens_out: int
    cost: float
    cached: float | None
    """Share of prompt tokens that were cached."""
    starting: float
    """Seconds until it was up, all starts together."""
    full: float
    """Seconds at its limit of requests."""
    part: float
    """Seconds with room left, because rows did not come fast enough."""
    empty: float
    """Seconds with nothing to do: no row was ready."""
    busy: float | None
    """Share of its places in use while it was up."""
    tokens_per_second: float | None
    """Written while it was up (read, for engines that write none)."""
    replies: list[Count]
    """By outcome: `ok`, `truncated`, `unparseable`, ..."""
    steps: list[Count]
    """Requests by the step that asked, where the journal tells."""
    idle_why: str
    """Why places stood empty: a sentence; "" when they did not."""


@dataclass(frozen=True, slots=True)
class Moment:
    """How one engine stood at one time; a run holds at most 2,000 of them."""

    seconds: float
    """Since the run began, over all sessions."""
    engine: str
    tokens_in: int
    """So far."""
    tokens_out: int
    in_flight: int
    full: float
    """Share of the time since the moment before, 0 to 1, as `EngineFacts.full`; the rest of 1 is starting or off."""
    part: float
    empty: float
    waiting: str
    """What rows waited for while this engine had room: another engine at its limit, by its name; `start` of an engine;
    `rows`, for as many were on their way as may be; `judging` of older ones; `target`, for no more were wanted; ""
    where nothing is known, or it had no room."""
    tokens_per_second: float
    """Written since the moment before (read, for engines that write none)."""


@dataclass(frozen=True, slots=True)
class StepTime:
    """What a step's replies took."""

    step: str
    engine: str
    replies: int
    tokens_in: int
    tokens_out: int
    seconds_median: float
    """Of one reply."""
    seconds_p95: float
