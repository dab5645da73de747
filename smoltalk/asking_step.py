"""A step that asks one engine: which it is, and that a run may call it otherwise."""

from typing import Any

from smoltalk.contracts import Write


class AsksOne(Write):
    """A step whose questions all go to the engine of one name."""

    engine: str
    """The engine's name in the pipeline."""

    def engines(self) -> frozenset[str]:
        return frozenset({self.engine})

    def identity(self) -> dict[str, Any]:
        """The engine counts by what it is, not by its name here; another number of attempts makes no reply void."""
        return self.model_dump(mode="json", exclude={"engine", "attempts"})
