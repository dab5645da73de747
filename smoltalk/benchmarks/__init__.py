"""Benchmarks to stay clear of: their specs, and their fingerprints (hashes, never text).

A benchmark is `decontam/NAME.yaml` (a `Spec`) and mostly `decontam/NAME.npz` (its `Fingerprint`); `decontam/README.md`
says what is in both. `prints` is the way in: names, spec files and files of items to fingerprints, `Index` of
`smoltalk.benchmarks.index` looks them up. Nothing that is imported here loads the compiler.
"""

from smoltalk.benchmarks.against import mistakes, prints
from smoltalk.benchmarks.fingerprint import Fingerprint, Manifest
from smoltalk.benchmarks.items import Item, items_in
from smoltalk.benchmarks.shelf import load
from smoltalk.benchmarks.specs import Spec, folder, meant, names, spec
from smoltalk.benchmarks.state import state

__all__ = [
    "Fingerprint", "Item", "Manifest", "Spec",
    "folder", "items_in", "load", "meant", "mistakes", "names", "prints", "spec", "state",
]  # fmt: skip
