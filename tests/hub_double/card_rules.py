"""The Hub's rules for the header of a dataset card, as far as a test can break them (hf.co/docs/hub/datasets-cards)."""

import re
from typing import Any

import yaml

_LICENCES = {"apache-2.0", "mit", "cc-by-4.0", "cc-by-sa-4.0", "cc0-1.0", "odc-by", "other", "unknown", "llama3.1"}
_LISTS = ("tags", "size_categories", "task_categories", "annotations_creators", "language_creators", "source_datasets")


def mistakes(card: str) -> list[str]:
    """Sentences; none for a card that the Hub takes."""
    if not card.startswith("---"):
        return []
    found = re.match(r"---[ \t]*\n(.*?)\n---[ \t]*(?:\n|$)", card, re.S)
    if not found:
        return ["the header does not end"]
    try:
        header = yaml.safe_load(found[1])
    except yaml.YAMLError as error:
        return [f"bad YAML: {str(error).splitlines()[0]}"]
    if not isinstance(header, dict):
        return ["the header is no mapping"]
    return [*_of_lists(header), *_of_configs(header)]


def _of_lists(header: dict[str, Any]) -> list[str]:
    wrong = [f'"{name}" must be an array' for name in _LISTS if not isinstance(header.get(name, []), list)]
    licences = header.get("license", [])
    for one in licences if isinstance(licences, list) else [licences]:
        if one not in _LICENCES:
            wrong.append(f'"license" must be one of [...]: {one}')
    if header.get("license") == "other" and not header.get("license_name"):
        wrong.append('"license_name" is missing')
    return wrong


def _of_configs(header: dict[str, Any]) -> list[str]:
    configs = header.get("configs", [])
    if not isinstance(configs, list) or not all(isinstance(one, dict) and "config_name" in one for one in configs):
        return ['"configs" must be an array of objects with a "config_name"']
    names = [one["config_name"] for one in configs]
    return [] if len(names) == len(set(names)) else ['"configs" names one twice']
