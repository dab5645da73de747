"""A mixture as lines of text: its sources in their order, how much of each, and what its rows must be like."""

from collections.abc import Iterator, Sequence

from smoltalk.licences import is_stated, meant, misspelt
from smoltalk.mixture.birth import Mixture
from smoltalk.mixture.source import MixSource, wanted

NO_LICENCE = "no licence"


def sources(part: Mixture) -> Iterator[Sequence[str]]:
    """A line a source: what has a higher place stays where two say the same."""
    asked, licences = wanted(part.mix), part.licences()
    for number, (name, source) in enumerate(part.mix.sources.items(), 1):
        rows = asked[name]
        amount = f"{rows:,} rows" if rows is not None else "all that pass"
        share = f"{source.share:.1%}" if source.share is not None else ""
        yield str(number), name, origin(source), amount, share, _often(source, rows), licences[name] or NO_LICENCE


def _often(source: MixSource, rows: int | None) -> str:
    if source.repeat == 1:
        return ""
    return f"each {source.repeat} times" if rows is None else f"each up to {source.repeat} times"


def origin(source: MixSource) -> str:
    """Where a source is, as the YAML has it; of the Hub the configuration, the split and the commit too."""
    if source.hub is not None:
        details = [source.config, source.split, source.revision and f"at {source.revision[:12]}"]
        place = f"{source.hub} ({', '.join(one for one in details if one)})"
    elif source.files is not None:
        files = [source.files] if isinstance(source.files, str) else source.files
        place = ", ".join(files[:2]) + (f" and {len(files) - 2} more" if len(files) > 2 else "")
    else:
        place = f"run {source.run}"
    return place + condition(source)


def condition(source: MixSource) -> str:
    """` where column is value`; "" where all rows are asked for."""
    said = [
        f"{column} is {' or '.join(map(str, values)) if isinstance(values, list) else values}"
        for column, values in source.where.items()
    ]
    return f" where {', '.join(said)}" if said else ""


def rows(part: Mixture) -> Iterator[str]:
    """What a row must be like, and where it goes."""
    mix = part.mix
    if mix.min_turns or mix.max_turns:
        least, most = mix.min_turns, mix.max_turns
        said = f"{least} to {most}" if least and most else f"at least {least}" if least else f"at most {most}"
        yield f"  {said} turns"
    if mix.max_tokens is not None:
        yield f"  at most {mix.max_tokens:,} tokens, as {mix.tokenizer} counts them"
    if list(mix.splits) != ["train"]:
        yield f"  {', '.join(f'{100 * share:.6g}% in {name}' for name, share in mix.splits.items())}"


def ends(part: Mixture, max_failed: float) -> Iterator[str]:
    """When the mixture is there."""
    asked = wanted(part.mix)
    total, rest = sum(n for n in asked.values() if n is not None), [name for name, n in asked.items() if n is None]
    if total:
        more = f", and all that pass of {', '.join(rest)}" if rest else ""
        yield f"  when {total:,} rows are accepted, of each source as many as were asked for{more}"
    else:
        yield "  when every row has been judged"
    yield f"  or when more than {max_failed:.0%} of the rows fail"


def warnings(part: Mixture) -> Iterator[str]:
    """What is no mistake, but worth a word before a run."""
    for name, licence in part.licences().items():
        if not is_stated(licence):
            hint = "its pipeline states none: " if part.mix.sources[name].run else ""
            yield f"  source `{name}` has no licence, and `smoltalk push` will refuse it: {hint}add `licence:`"
        elif near := meant(licence):
            yield f"  source `{name}`: {misspelt(licence, near)}"
    moving = [f"`{name}`" for name, source in part.mix.sources.items() if source.hub and not source.revision]
    if moving:
        yield f"  no `revision`, so a later run may read other rows: {', '.join(moving)}"
