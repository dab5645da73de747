"""Keeps numpy's BLAS to one thread per call: the decode loop brings its own threads."""

import ctypes
from pathlib import Path

import numpy as np

_SETTERS = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "openblas_set_num_threads64_")


def hold_to_one_thread() -> bool:
    """True when the OpenBLAS in numpy's wheel now computes each product on the calling thread.

    A product of 64 rows is too small to share: OpenBLAS's threads spend it waiting for each other, and on a busy
    machine wait ten times longer than they work. Counts for the whole process. With another BLAS nothing is changed.
    """
    package = Path(np.__file__).parent
    for library in [*package.parent.glob("numpy.libs/*openblas*"), *package.glob(".dylibs/*openblas*")]:
        try:
            loaded = ctypes.CDLL(str(library))
        except OSError:
            continue
        for name in _SETTERS:
            if hasattr(loaded, name):
                getattr(loaded, name)(ctypes.c_int(1))
                return True
    return False
