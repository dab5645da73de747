"""What `smoltalk dedup` does: rows of any dataset that repeat an earlier row, set apart with the row they repeat."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from smoltalk.decontamination.hub import OnHub
    from smoltalk.decontamination.parts import Files

By = Literal["exact", "near", "semantic"]
"""How rows are compared."""

THRESHOLDS: dict[By, float] = {"exact": 1.0, "near": 0.7, "semantic": 0.9}
"""From which similarity on two rows are the same, where the call does not say."""

NGRAM = 3
"""Words in an n-gram, where the call does not say."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a call is asked for."""

    data: "Files | OnHub"
    by: By
    on: tuple[str, ...] = ()
    """Columns to compare; none: `messages`, or all with text."""
    threshold: float = 1.0
    against: tuple["Files | OnHub", ...] = ()
    """Datasets whose rows come first and are not written."""
    ngram: int = NGRAM
    model: str | None = None
    """What turns texts into vectors; None for hashed words."""

    def identity(self) -> dict[str, Any]:
        """What must be the same for rows of an earlier call to stand."""
        fields: dict[str, Any] = {"by": self.by, "columns": list(self.on), "threshold": self.threshold}
        fields |= {"ngram": self.ngram} if self.by == "near" else {}
        fields |= {"model": self.model} if self.by == "semantic" else {}
        return {"data": self.data.identity(), "against": [one.identity() for one in self.against], **fields}


def opened(
    data: list[str], out: Path, config: str | None = None, split: str = "train", revision: str | None = None
) -> "Files | OnHub":
    """Files, folders, globs, runs, or one dataset of the Hub. Raises `UserError` for a path with nothing to read."""
    from smoltalk.decontamination.hub import OnHub
    from smoltalk.decontamination.parts import files

    found = files(data, out)
    return OnHub(data[0], config, split, revision) if found is None else found


def called(data: "Files | OnHub") -> str:
    """A short name of some DATA, for columns and the screen."""
    from smoltalk.decontamination.hub import OnHub

    if isinstance(data, OnHub):
        return data.dataset
    first = Path(data.paths[0]) if data.paths else Path()
    return first.name if len(data.paths) == 1 else first.parent.name or first.name
