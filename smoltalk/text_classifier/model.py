"""A trained classifier: arrays and a page of JSON, saved and loaded without pickle."""

import hashlib
import json
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from smoltalk.described import Described
from smoltalk.errors import WorldError
from smoltalk.text_classifier.features import features, version

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ABOUT, WEIGHTS = "classifier.json", "weights.npz"


class About(Described):
    """What a classifier is, as its `classifier.json` says it."""

    features: str
    """The version of the features it was trained on."""
    bits: int = Field(ge=8, le=24)
    """It has `2 ** bits` buckets for words and pairs of words."""
    label: str
    """The column of the teacher's scores."""
    of: str
    """The column of the texts."""
    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)
    """Scores are cut off at the lowest and the highest of the teacher's."""
    cut: float = Field(allow_inf_nan=False)
    """From here on a text is good."""
    rows: int = Field(ge=0)
    """How many labels it has learnt from."""
    agreement: dict[str, float] = Field(default_factory=dict)
    """With the teacher, on rows it had not seen."""


@dataclass(frozen=True)
class TextClassifier:
    """Scores texts on the teacher's scale."""

    about: About
    rarity: "NDArray[np.float32]"
    """For each bucket how rare it is (inverse document frequency)."""
    weights: "NDArray[np.float32]"
    """For each bucket what it adds to the score of a text of length 1."""
    bias: float

    def score(self, text: str) -> float:
        """The text's score, between the teacher's lowest and highest; of a text without words, the bias."""
        import numpy as np

        buckets, counts = features(text, self.about.bits)
        values = counts * self.rarity[buckets].astype(np.float64)
        length = math.sqrt(float(values @ values))
        told = float(values @ self.weights[buckets].astype(np.float64)) / length if length else 0.0
        return min(max(told + self.bias, self.about.low), self.about.high)

    def scores(self, texts: Sequence[str]) -> list[float]:
        """The score of each text, in order; each depends on its text alone."""
        return [self.score(text) for text in texts]

    def save(self, folder: Path) -> None:
        """Write `classifier.json` and `weights.npz` into the folder. Raises `OSError`."""
        import numpy as np

        folder.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(folder / WEIGHTS, rarity=self.rarity, weights=self.weights, bias=np.float64(self.bias))
        (folder / ABOUT).write_text(self.about.model_dump_json(indent=1) + "\n", encoding="utf-8")

    @staticmethod
    def load(folder: Path) -> "TextClassifier":
        """The classifier of a folder; hostile files are refused, nothing in them is run. Raises `WorldError`."""
        import numpy as np

        about = read_about(folder)
        size = 1 << about.bits
        try:
            with (folder / WEIGHTS).open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                _no_bomb(arrays.zip, 4 * size)
                rarity, weights, bias = arrays["rarity"], arrays["weights"], float(arrays["bias"])
        except (OSError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile, MemoryError) as error:
            raise WorldError(
                f"{folder / WEIGHTS} is no classifier's: {str(error)[:200]}", command=_again(about)
            ) from None
        for array in (rarity, weights):
            if array.shape != (size,) or array.dtype != np.float32 or not np.isfinite(array).all():
                raise WorldError(f"{folder / WEIGHTS} does not hold {size:,} finite weights", command=_again(about))
        if not math.isfinite(bias):
            raise WorldError(f"{folder / WEIGHTS} has no finite bias", command=_again(about))
        return TextClassifier(about, rarity, weights, bias)


def read_about(folder: Path) -> About:
    """What the classifier says of itself. Raises `WorldError` where it is none, or learnt from other features."""
    path = folder / ABOUT
    try:
        about = About.model_validate_json(path.read_bytes())
    except OSError as error:
        raise WorldError(f"{path}: {error.strerror or error}") from None
    except ValidationError as error:
        first: Any = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise WorldError(f"{path} is no classifier's: {where} {first['msg']}".replace(":  ", ": ")) from None
    if about.features != version():
        raise WorldError(f"{path} has features {about.features}, this version has {version()}", command=_again(about))
    return about


def _no_bomb(archive: zipfile.ZipFile, size: int) -> None:
    """Raises `ValueError` for arrays that are larger than a classifier's, before they are unpacked."""
    if any(member.file_size > size + 4_096 for member in archive.infolist()):
        raise ValueError("its arrays are too large")


def fingerprint(folder: Path) -> str:
    """What tells a classifier from others: a hash of its two files; "" where one is missing."""
    digest = hashlib.blake2b(digest_size=8)
    for name in (ABOUT, WEIGHTS):
        try:
            digest.update(hashlib.blake2b((folder / name).read_bytes()).digest())
        except OSError:
            return ""
    return digest.hexdigest()


def _again(about: About) -> str:
    return f"smoltalk classifier RUN --label {json.dumps(about.label)} --of {json.dumps(about.of)} --out FOLDER"
