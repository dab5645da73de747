"""Xet without a server: hf_xet is given a folder as its storage, and builds a file again from it.

A `local://` address makes hf_xet write what it would send into a folder. Its shard files (`*.mdb`) tell which of its
own hashes stands for which sha256: after 48 bytes of header, a 48-byte line for each file, its segments, and what its
flags announce.
"""

import os
import shutil
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

_LINE = 48
_HAS_VERIFICATION, _HAS_METADATA = 0x80000000, 0x40000000


def rebuild(cas: Path, sha256: str, to: Path) -> bool:
    """Write the file of this sha256, if it is there. From a copy, for the client may still hold the storage."""
    import hf_xet

    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(cas, folder, dirs_exist_ok=True, copy_function=_linked)
        for shard in Path(folder).rglob("*.mdb"):
            for found, hashed, size in _files(shard.read_bytes()):
                if found == sha256:
                    group = hf_xet.XetSession().new_file_download_group(endpoint=f"local://{folder}")
                    with group as download:
                        download.start_download_file(hf_xet.XetFileInfo(hashed, size), str(to))
                    return True
    return False


def _linked(source: str, target: str) -> None:
    if source.endswith(".redb"):  # the index, which is written in place
        shutil.copy(source, target)
    else:
        os.link(source, target)


def _files(shard: bytes) -> Iterator[tuple[str, str, int]]:
    """(sha256, Xet's hash, size) of every file that the shard tells of."""
    place = _LINE
    while place + _LINE <= len(shard):
        name = shard[place : place + 32]
        if name == b"\xff" * 32:
            return
        flags, segments = struct.unpack_from("<II", shard, place + 32)
        place += _LINE
        size = sum(struct.unpack_from("<I", shard, place + _LINE * i + 36)[0] for i in range(segments))
        place += _LINE * segments * (2 if flags & _HAS_VERIFICATION else 1)
        if flags & _HAS_METADATA:
            yield _written(shard[place : place + 32]), _written(name), size
            place += _LINE


def _written(hashed: bytes) -> str:
    """Hexadecimal of four little-endian numbers."""
    return b"".join(hashed[i : i + 8][::-1] for i in range(0, 32, 8)).hex()
