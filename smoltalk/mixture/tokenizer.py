"""The tokenizer that a mixture names: where it lies, what is wrong with its name, what tells an edited one."""

import re
from pathlib import Path

from smoltalk import local_files
from smoltalk.chat_format.folder import FILES
from smoltalk.errors import nearest
from smoltalk.fields import meant

SHIPPED = "nano"
ON_HUB = re.compile(r"[\w.-]+/[\w.-]+")
"""What a repository of the Hub can be called."""
_FILE = "tokenizer.json"
_HINT = f"a {_FILE}, or the folder of one, from the working directory"


def lies_in(name: str) -> Path | None:
    """The folder of one on this machine; None for that of the package, for one of the Hub, and where nothing is."""
    if name == SHIPPED:
        return None
    try:
        place = Path(name).expanduser()
        return place.parent if place.is_file() else place if place.is_dir() else None
    except (OSError, ValueError, RuntimeError):  # a name that no file can have, a home that nobody has
        return None


def known_by(name: str) -> object:
    """JSON of what, when changed, counts otherwise: of one on this machine its files, wherever they lie."""
    folder = lies_in(name)
    if folder is None:
        return name
    return local_files.digests([folder / file for file in FILES if (folder / file).is_file()])


def whole(name: str) -> str:
    """The name as it can be found from any working directory."""
    return name if lies_in(name) is None else str(Path(name).expanduser().absolute())


def mistake(name: str) -> tuple[str, str] | None:
    """What is wrong with the name, and a hint."""
    folder = lies_in(name)
    if folder is not None:
        if Path(name).expanduser().is_dir():
            return None if (folder / _FILE).is_file() else (f"the folder `{name}` holds no {_FILE}", _HINT)
        return None if Path(name).name == _FILE else (f"`{name}` is no {_FILE}", _HINT)
    if name == SHIPPED:
        return None
    if name.startswith((".", "/", "~")) or name.endswith(".json") or name.count("/") > 1:
        return f"there is no tokenizer `{name}`", _HINT
    if not ON_HUB.fullmatch(name) and (hint := nearest(name, [SHIPPED])):
        return f"there is no tokenizer `{name}`", hint if meant(hint) else "`nano`, a path, or `org/model` of the Hub"
    return None
