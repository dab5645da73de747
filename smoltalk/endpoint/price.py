"""What an endpoint charges for tokens."""

from pydantic import Field

from smoltalk.described import Described


class Price(Described):
    """A price table, per million tokens, in any one currency."""

    input: float = Field(ge=0)
    """A million tokens of prompt."""
    output: float = Field(ge=0)
    """A million tokens of reply, reasoning included."""
    cached: float | None = Field(default=None, ge=0)
    """A million tokens of prompt that the server had in its cache; default: the same as `input`."""

    def of(self, tokens_in: int, tokens_out: int, cached: int = 0) -> float:
        """What one reply costs; `cached` of the `tokens_in` were in the server's cache."""
        known = min(cached, tokens_in)
        for_known = self.input if self.cached is None else self.cached
        return ((tokens_in - known) * self.input + known * for_known + tokens_out * self.output) / 1e6
