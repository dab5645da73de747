"""The repository's card: what is there, with this configuration's header, features and section put in.

A repository may hold several configurations, each pushed from a run of its own. Each has a section between two comments
that no reader sees; what people write outside of them stays.
"""

import re
from collections.abc import Iterator
from typing import Any

from smoltalk.errors import Problem, UserError
from smoltalk.publishing.release import Release

_LISTS = ("language", "tags", "task_categories", "annotations_creators", "language_creators", "source_datasets")
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
_PLACE = re.compile(r"Replace `REPO_ID_OR_FOLDER` by .*?folder\. ")
_DEFAULT = "default"


def merged(existing: str | None, release: Release, repo: str) -> str:
    """The card with this release in it; merging it again changes nothing.

    `repo` is what `load_dataset` is to be given. Raises `UserError` where the card that is there cannot be read, or
    where two configurations would each be the one that is loaded without a name.
    """
    if release.kind == "model":
        return release.card
    before, text = _parsed(existing, repo) if existing else ({}, "")
    ours, body = _parsed(release.card, "the run")
    others = [one for one in _configs(before) if one.get("config_name") != release.config]
    header = _header(before, ours, bool(others))
    header["configs"] = _with_ours(before, others, release, repo)
    header["dataset_info"] = _infos(before, release, {str(one["config_name"]) for one in others})
    header["size_categories"] = [_size(header["dataset_info"])]
    return f"---\n{_yaml(header)}---\n{_section_in(text, release.config, _addressed(body, release, repo))}"


def _parsed(card: str, whose: str) -> tuple[dict[str, Any], str]:
    """Header and text."""
    from huggingface_hub import DatasetCard

    try:
        parsed: Any = DatasetCard(card if card.startswith("---") else f"---\n{{}}\n---\n{card}")
    except Exception as error:  # the YAML library's, and the Hub library's own
        sentence = f"the card of {whose} has a header that cannot be read: {str(error).partition(chr(10))[0]}"
        raise UserError([Problem("README.md", 0, sentence, "put it right there, then push again")]) from error
    return parsed.data.to_dict(), parsed.text


def _yaml(header: dict[str, Any]) -> str:
    from huggingface_hub import DatasetCardData

    return DatasetCardData(**header).to_yaml(line_break="\n").rstrip("\n") + "\n"


# ---------------------------------------------------------------- header


def _header(before: dict[str, Any], ours: dict[str, Any], shared: bool) -> dict[str, Any]:
    """Lists grow; what else is ours replaces what is there, unless other configurations share it."""
    header = {**ours, **before} if shared else {**before, **ours}
    for name in _LISTS:
        if found := list(dict.fromkeys([*_listed(before.get(name)), *_listed(ours.get(name))])):
            header[name] = found
    if shared and before.get("license") != ours.get("license"):
        both = dict.fromkeys([*_listed(before.get("license")), *_listed(ours.get("license"))])
        header["license"] = sorted(both)
    order = [*ours, *(name for name in before if name not in ours)]
    return {name: header[name] for name in order}


def _listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def _configs(header: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(one) for one in _listed(header.get("configs")) if isinstance(one, dict) and "config_name" in one]


def _with_ours(
    before: dict[str, Any], others: list[dict[str, Any]], release: Release, repo: str
) -> list[dict[str, Any]]:
    """All configurations by name. The first that is pushed is the one that is loaded without a name."""
    files = [{"split": s.name, "path": f"data/{release.config}/{s.name}-*.parquet"} for s in release.splits]
    ours: dict[str, Any] = {"config_name": release.config, "data_files": files}
    known = next((one for one in _configs(before) if one["config_name"] == release.config), {})
    marked = [one["config_name"] for one in others if one.get("default") or one["config_name"] == _DEFAULT]
    if release.config == _DEFAULT and (marked or (others and not known)):
        names = ", ".join(f"`{one['config_name']}`" for one in others)
        sentence = f"{repo} holds {names}, and one called `{_DEFAULT}` beside would be what is loaded without a name"
        raise UserError([Problem("--config-name", 0, sentence, "give this one a name: --config-name NAME")])
    if release.config != _DEFAULT and not marked and (not others or known.get("default")):
        ours["default"] = True
    return sorted([*others, ours], key=lambda one: str(one["config_name"]))


def _infos(before: dict[str, Any], release: Release, others: set[str]) -> Any:
    """`dataset_info` as `datasets` lays it out: a mapping for one configuration, a list for several."""
    found = {
        str(one.get("config_name", _DEFAULT)): dict(one)
        for one in _listed(before.get("dataset_info"))
        if isinstance(one, dict)
    }
    found = {name: info for name, info in found.items() if name in others} | {release.config: release.info}
    infos = [
        {"config_name": name, **{k: v for k, v in info.items() if k != "config_name"}}
        for name, info in sorted(found.items())
    ]
    if len(infos) > 1:
        return infos
    return infos[0] if release.config != _DEFAULT else {k: v for k, v in infos[0].items() if k != "config_name"}


def _size(infos: Any) -> str:
    rows = sum(int(split.get("num_examples", 0)) for one in _listed(infos) for split in one.get("splits") or ())
    return next((label for limit, label in _SIZES if rows < limit), "10M<n<100M")


# ---------------------------------------------------------------- text


def _section_in(text: str, config: str, body: str) -> str:
    start, end = f"<!-- smoltalk: {config} -->", f"<!-- /smoltalk: {config} -->"
    section = f"{start}\n{_without_marks(body).strip()}\n{end}"
    before, found, rest = text.partition(start)
    if found and end in rest:
        return before + section + rest.partition(end)[2]
    return f"{text.rstrip()}\n\n{section}\n" if text.strip() else f"\n{section}\n"


def _without_marks(body: str) -> str:
    """No text of a row can end a section."""
    return re.sub(r"<!--(\s*/?\s*smoltalk:)", r"< !--\1", body)


def _addressed(body: str, release: Release, repo: str) -> str:
    """The card's example loads this dataset."""
    return _PLACE.sub("", body).replace('"REPO_ID_OR_FOLDER"', ", ".join(_arguments(release, repo)))


def _arguments(release: Release, repo: str) -> Iterator[str]:
    yield f'"{repo}"'
    if release.config != _DEFAULT:
        yield f'"{release.config}"'
