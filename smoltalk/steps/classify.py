"""Score texts with a small classifier that was trained on a teacher's scores: no model is asked."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field

from smoltalk.contracts import BatchWrite
from smoltalk.errors import RowFailed, WorldError
from smoltalk.rows import Row
from smoltalk.text import strings
from smoltalk.text_classifier.model import TextClassifier, fingerprint, read_about


class Classify(BatchWrite):
    """Writes the classifier's score of a text or a conversation into `column`, on the scale of its teacher.

    `smoltalk classifier RUN` makes a classifier of a run whose rows a model has scored; `at_least` cuts by the score.
    """

    model: str = Field(min_length=1)
    """The folder of a classifier, relative to the working directory."""
    of: str = "text"
    """The column that is scored; the turns of a conversation are joined."""
    column: str = "score"

    def check(self) -> Iterator[str]:
        try:
            read_about(Path(self.model))
        except WorldError as error:
            yield f"`model` is no classifier: {error.sentence}; make one with `smoltalk classifier RUN`"

    def reads(self) -> frozenset[str]:
        return frozenset({self.of})

    def writes(self) -> frozenset[str]:
        return frozenset({self.column})

    def identity(self) -> dict[str, Any]:
        """The classifier counts by its files, not by its name."""
        fields = self.model_dump(mode="json", exclude={"model", "batch_size"})
        return fields | {"model": fingerprint(Path(self.model))}

    def write_batch(self, rows: Sequence[Row]) -> list[Row]:
        """Raises `RowFailed` (`missing`) for a row without text, and `WorldError` where the classifier is gone."""
        texts = ["\n".join(strings(row.get(self.of))) for row in rows]
        if not all(text.strip() for text in texts):
            raise RowFailed("missing", f"column `{self.of}` holds no text to score")
        return [{self.column: round(score, 4)} for score in self._classifier.scores(texts)]

    @cached_property
    def _classifier(self) -> TextClassifier:
        return TextClassifier.load(Path(self.model))
