"""Reads the weights of a Llama from a safetensors file with numpy alone."""

from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smoltalk.errors import WorldError
from smoltalk.llama.folder import read_header

Array = NDArray[Any]


def _bf16(raw: Array) -> Array:
    """bfloat16 is the upper half of a float32."""
    return (raw.view("<u2").astype(np.uint32) << 16).view(np.float32)


_DTYPES: Mapping[str, tuple[int, Callable[[Array], Array]]] = {
    "BF16": (2, _bf16),
    "F16": (2, lambda raw: raw.view("<f2").astype(np.float32)),
    "F32": (4, lambda raw: raw.view("<f4")),
}


def read_tensors(path: Path) -> dict[str, Array]:
    """Every tensor as float32, by name. The file is memory-mapped; bf16 and f16 are widened as they are read."""
    header, start = read_header(path)
    data = np.memmap(path, np.uint8, "r")
    tensors = {}
    for name, entry in header.items():
        width, widen = _DTYPES.get(entry["dtype"], (0, _bf16))
        first, last = entry["data_offsets"]
        if width * prod(entry["shape"]) != last - first or not width:
            raise WorldError(f"{path}: tensor {name} is {entry['dtype']} {entry['shape']}, which cannot be read")
        tensors[name] = widen(np.array(data[start + first : start + last])).reshape(entry["shape"])
    return tensors
