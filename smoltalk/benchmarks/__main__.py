"""python -m smoltalk.benchmarks list | show NAME | build NAME [--from FILE.jsonl] [--origin TEXT]"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from smoltalk.benchmarks import folder, load, names, save, spec
from smoltalk.benchmarks.build import build, items_in, items_on_hub
from smoltalk.errors import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """List the benchmarks, show one, or build one's fingerprint; 0, or 2 for a user's mistake."""
    parser = argparse.ArgumentParser(prog="python -m smoltalk.benchmarks", description="benchmarks to stay clear of")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="every benchmark")
    verbs.add_parser("show", help="a spec and what its fingerprint was built from").add_argument("name")
    making = verbs.add_parser("build", help="write decontam/NAME.npz")
    making.add_argument("name")
    making.add_argument("--from", dest="file", type=Path, help="items as JSONL, in place of the Hub")
    making.add_argument("--origin", default="", help="where that file is from, for the manifest")
    asked = parser.parse_args(arguments)
    try:
        if asked.verb == "list":
            print("\n".join(f"{name:16} {spec(name).dataset}" for name in names()))
        elif asked.verb == "show":
            print(
                f"{spec(asked.name).model_dump_json(indent=2)}\n{load(asked.name).manifest.model_dump_json(indent=2)}"
            )
        else:
            _build(asked.name, asked.file, asked.origin)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _build(name: str, file: Path | None, origin: str) -> None:
    chosen = spec(name)
    made_of = origin or (file.name if file else f"{chosen.dataset}@{chosen.revision or 'main'}")
    made = build(name, items_in(file) if file else items_on_hub(chosen), made_of)
    path = folder() / f"{name}.npz"
    save(made, path)
    print(f"{path}: {made.manifest.items} of {made.manifest.rows} items, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
