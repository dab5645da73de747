"""`--set`: a key changes what it says and nothing else, and a wrong one is a sentence."""

from pathlib import Path

import pytest

from smoltalk.pipeline import load
from tests.pipeline.sound_pipeline import SOUND, problems


def test_set_changes_what_it_says_and_nothing_else(sound: Path) -> None:
    settings = {"target.accepted": "5", "steps.0.turns": "3", "engines.teacher.model": "small", "seed": "7"}
    pipeline = load(sound, settings)
    assert (pipeline.target.accepted, pipeline.target.max_tokens, pipeline.seed) == (5, 4_000_000, 7)
    assert pipeline.steps[0].part.turns == 3  # type: ignore[union-attr]
    assert pipeline.engines["teacher"].part.model == "small"  # type: ignore[attr-defined]
    assert pipeline.engines["rater"].part.model == "big"  # type: ignore[attr-defined]
    assert pipeline.settings == settings and pipeline.text == SOUND


def test_set_by_full_path_and_whole_values(sound: Path) -> None:
    pipeline = load(sound, {"steps.0.magpie.user.temperature": "0.5", "gates": "[]", "keep": "[reward]"})
    assert pipeline.steps[0].part.user.temperature == 0.5  # type: ignore[union-attr]
    assert pipeline.gates == () and pipeline.keep == ("reward",)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("steps.9.turns", "2", "no `9` in `steps`, a list of 4"),
        ("steps.x", "2", "no `x` in `steps`"),
        ("steps.0.turns", "0", "steps.0.magpie.turns: must be a whole number of at least 1"),
        ("steps.0.turn", "2", "no field `turn` in `magpie`\n    did you mean `turns`?"),
        ("target.acepted", "3", "no field `acepted` in `target`\n    did you mean `accepted`?"),
        (
            "target.x",
            "3",
            "no field `x` in `target`\n    there is: accepted, max_attempts, max_cost, max_failed",
        ),
        ("target.accepted", "9007199254740993", "target.accepted: must be a whole number greater than 0 and at most"),
        ("gates.0.columns", "[rewad]", "`pretend.Keep` reads column `rewad`, which nothing above it writes"),
        ("engines.techer.model", "x", "no `techer` in `engines`"),
        ("target.accepted", "[1", "not YAML"),
        ("name.x", "1", "`name` holds no fields"),
        ("..", "1", "write it as `key.path=value`"),
        ("tarket.accepted", "1", "no field `tarket` in `pipeline`"),
        ("seed", "!!python/name:os.system x", "tag `tag:yaml.org,2002:python/name:os.system` is not allowed"),
    ],
)
def test_wrong_set_is_a_sentence(sound: Path, key: str, value: str, sentence: str) -> None:
    said = problems(sound, **{key: value, "seed" if key != "seed" else "rows_in_flight": "7"})
    assert said.startswith(f"--set {key}={value}  {sentence}") and said.count("--set") == 1


def test_a_mistake_of_the_file_is_not_blamed_on_a_setting(sound: Path) -> None:
    sound.write_text(SOUND.replace("turns: 2", "turnz: 2"))
    said = problems(sound, **{"target.accepted": "0", "engines.teacher.api_key": "hunter2-hunter2"})
    assert "sound.yaml:12  no field `turnz` in `magpie`" in said and "--set target.accepted=0  target.accepted" in said
    assert "--set engines.teacher.api_key=(redacted)  `api_key` holds a secret" in said and "hunter2" not in said
