"""A function that looks at the machine it runs on: no seed, since its file imports `os`."""

import os


def free_name(folder, stem):
    """Find a file name that is not taken yet in a folder, by counting up."""
    number = 0
    while os.path.exists(os.path.join(folder, f"{stem}{number}")):  # noqa: PTH110, PTH118
        number += 1
    return f"{stem}{number}"
