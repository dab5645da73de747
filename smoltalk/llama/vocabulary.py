"""Text to token ids and back, for byte-level BPE tokenizers: the bytes of every token are known."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smoltalk.errors import WorldError
from smoltalk.llama.folder import read_json


def _byte_letters() -> dict[str, int]:
    """GPT-2's printable letter for each byte (Radford et al. 2019, `bytes_to_unicode`), the other way round."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + place): byte for place, byte in enumerate(others)}


class Vocabulary:
    """The tokenizer of a model folder."""

    def __init__(self, folder: Path) -> None:
        """Read tokenizer.json. Raises `WorldError` when it is missing, broken or not byte-level."""
        from tokenizers import Tokenizer

        path = folder / "tokenizer.json"
        described = read_json(path)
        if not _is_byte_level(described.get("decoder")):
            raise WorldError(f"{path}: only byte-level BPE tokenizers run here")
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises bare Exception
            raise WorldError(f"{path} cannot be read: {error}") from None
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        added = {entry["id"]: entry for entry in described.get("added_tokens", [])}
        self.control = {entry["content"]: key for key, entry in added.items() if entry["special"]}
        """Ids of the control tokens by their text."""
        letters = _byte_letters()
        self.bytes_of: list[bytes] = [b""] * (max(self._tokenizer.get_vocab().values()) + 1)
        """The bytes each id stands for; none for control tokens."""
        for token, key in self._tokenizer.get_vocab().items():
            if key not in added:
                self.bytes_of[key] = bytes(letters[letter] for letter in token)
            elif not added[key]["special"]:
                self.bytes_of[key] = token.encode()
        self.starting_with = lru_cache(maxsize=64)(self._starting_with)

    def encode(self, text: str) -> list[int]:
        """Ids of a text; control tokens in it are recognised, so contents must be defused before."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _starting_with(self, starts: tuple[str, ...]) -> NDArray[np.intp]:
        """Ids of the tokens whose text, after leading space, begins with one of `starts`."""
        texts = (raw.decode("utf-8", "replace").lstrip() for raw in self.bytes_of)
        return np.array([key for key, text in enumerate(texts) if starts and text.startswith(starts)], np.intp)


def _is_byte_level(decoder: Any) -> bool:
    if not isinstance(decoder, dict):
        return False
    return decoder.get("type") == "ByteLevel" or any(_is_byte_level(part) for part in decoder.get("decoders", ()))
