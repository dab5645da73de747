"""What to do about sources that have fewer rows than were asked for: one command where repeating rows is enough."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from smoltalk.mixing.progress import OfSource
from smoltalk.mixture.source import OFTEN, MixSource


def remedy(folder: Path, sources: Mapping[str, MixSource], short: Sequence[OfSource]) -> str:
    """A line for each source that repeating does not mend, then the command that repeats the rows of all others."""
    words, settings = [], []
    for one in short:
        own = one.accepted - one.copies
        times = -(-(one.asked or 0) // own) if own else 0
        if not own:
            words.append(_none(one, sources[one.name], folder))
        elif times > OFTEN:
            most = (
                f"its {own:,} {'row' if own == 1 else 'rows'} can go in up to {OFTEN} times, which is {own * OFTEN:,}"
            )
            words.append(f"ask less of `{one.name}`: {most}")
        elif "." in one.name:  # `--set` takes a dot for the end of a key
            words.append(f"give `{one.name}` in the pipeline `repeat: {times}`")
        else:
            settings.append(f" --set mix.sources.{one.name}.repeat={times}")
    # The folder knows with which settings it was made, so they need not be said again.
    return "\n".join([*words, *([f"smoltalk mix {folder}{''.join(settings)}"] if settings else [])])


def _none(one: OfSource, source: MixSource, folder: Path) -> str:
    if one.born:
        return f"no row of `{one.name}` passed: see why in {folder / 'rejected'}"
    if one.passed_over and source.where:
        return f"`where` of `{one.name}` asks for none of its {one.passed_over:,} rows"
    return f"`{one.name}` holds no rows"
