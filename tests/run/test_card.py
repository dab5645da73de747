"""The card: what the Hub reads, what a person reads, and nothing a text can break out of."""

import os
from pathlib import Path

import pytest
import yaml

from smoltalk.pipeline import load
from smoltalk.run.card_header import header
from smoltalk.run.ledger import Books
from smoltalk.run.markdown import code, fence, inline
from tests.run.published_runs import PAIRS, PIPELINE, accepted, closed, ended, loaded, pair, publish, turns

GOLDEN = Path(__file__).parent.parent / "golden" / "card.md"
GOLDEN_PAIRS = GOLDEN.with_name("card_of_pairs.md")

ROWS = [
    accepted("a1", "Who are you?", "A <b>tiny</b> model.\n```\nfence\n```", topic="who", score=1.5),
    accepted("a2", "Hi?", "Hello.", topic="hi", score=2),
    ended("r1", "rejected", "Short", "too_long", {"length": 99}, messages=turns("long")),
    ended("r2", "rejected", "decontaminate", "in_gsm8k", {"benchmark": "gsm8k"}, messages=turns("sheep")),
    ended(
        "r3",
        "rejected",
        "decontaminate",
        "in_arena_hard_v0_1",
        {"benchmark": "arena_hard_v0_1"},
        messages=turns("more sheep"),
    ),
    ended("f1", "failed", "answer", "empty", {"detail": ""}),
]


def card(
    folder: Path, rows: list[tuple[str, ...]] = ROWS, state: str = "complete", text: str = PIPELINE, **keys: str
) -> str:
    run = closed(folder / "run", rows, state, target=keys.pop("wanted", ""), why=keys.pop("why", ""))
    publish(loaded(folder, text=text, **keys), run)
    return run.card.read_text()


def test_card_is_as_agreed(tmp_path: Path) -> None:
    """`GOLDEN=1 pytest ...` writes it anew."""
    found = card(tmp_path)
    if os.environ.get("GOLDEN"):
        GOLDEN.write_text(found)
    assert found == GOLDEN.read_text()


def test_card_of_pairs_is_as_agreed(tmp_path: Path) -> None:
    known = [("strong", "weak", 1.5), ("strong", "weak", 0.5), ("weak", "strong", 1.0)]
    rows = [
        pair(
            f"a{i}", f"How many is {i}?", f"That is {'exactly ' * i}{i}.", "Many.",
            chosen_by=chosen, rejected_by=rejected, margin=margin, scores=[margin, None],
        )
        for i, (chosen, rejected, margin) in enumerate(known)
    ]  # fmt: skip
    found = card(tmp_path, [*rows, ended("r1", "rejected", "decontaminate", "in_gsm8k", {})], text=PAIRS)
    if os.environ.get("GOLDEN"):
        GOLDEN_PAIRS.write_text(found)
    assert found == GOLDEN_PAIRS.read_text()


def test_the_hub_reads_its_header(tmp_path: Path) -> None:
    from huggingface_hub import DatasetCard, DatasetCardData

    read = DatasetCard(card(tmp_path), ignore_metadata_errors=False)
    assert isinstance(read.data, DatasetCardData)
    found = read.data.to_dict()
    assert found["license"] == "cc-by-4.0" and found["language"] == ["en"] and found["size_categories"] == ["n<1K"]
    assert found["configs"][0]["data_files"] == [{"split": "train", "path": "data/train-*.parquet"}]
    assert {"sft", "distilabel"} <= set(found["tags"]) and "synthetic" not in found["tags"]
    assert found["annotations_creators"] == ["no-annotation"]
    assert DatasetCardData(**found).to_dict() == found
    assert read.text.lstrip().startswith("# tiny-talk")


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("Apache-2.0", {"license": "apache-2.0"}),
        ("ours: see LICENCE", {"license": "other", "license_name": "ours-see-licence"}),
        (None, {"license": "unknown"}),
    ],
)
def test_a_licence_the_hub_does_not_know_is_named_as_another(
    tmp_path: Path, licence: str | None, expected: dict[str, str]
) -> None:
    text = "\n".join(line for line in PIPELINE.splitlines() if not line.startswith("licence"))
    found = card(tmp_path, text=text, **({"licence": f'"{licence}"'} if licence else {}))
    header = yaml.safe_load(found.split("---")[1])
    assert {key: header[key] for key in header if key.startswith("license")} == expected
    assert licence or "This dataset: not stated" in found


def test_a_run_that_stopped_short_says_so(tmp_path: Path) -> None:
    found = card(tmp_path, state="stopped", wanted="100", why="max_attempts (6) is reached")
    assert "stopped with 2 accepted rows of the 100 it was asked for: max\\_attempts (6) is reached." in found
    assert "smaller than planned: 2 of 100 rows" in found


def test_no_secret_is_on_the_card_or_in_the_environment(tmp_path: Path) -> None:
    secret = "hunter2hunter2"
    text = PIPELINE + f"# ask https://me:{secret}@example.org and use api_key={secret}\n"
    run = closed(tmp_path / "run", ROWS)
    publish(loaded(tmp_path, text=text), run)
    for file in (run.card, run.environment):
        assert secret not in file.read_text()
        assert str(tmp_path) not in file.read_text() and os.uname().nodename not in file.read_text()
    assert "(redacted)" in run.card.read_text()


def test_a_column_of_mixed_types_is_named(tmp_path: Path) -> None:
    found = card(tmp_path, [accepted("a1", topic="x", score=1), accepted("a2", topic=["x"], score="1")])
    assert "Values of `topic`, `score` are of several types" in found


def test_text_cannot_become_markup() -> None:
    assert inline("<b>*a*</b>\n# `b` | [c](d) <|im_end|>") == (
        r"\<b\>\*a\*\</b\> \# \`b\` \| \[c\](d) \< \|im\_end\|\>"
    )
    assert code("a`b|c") == r"``a`b\|c``" and code("`") == "`` ` ``"
    assert fence("```\n````\nx") == "`````\n```\n````\nx\n`````"
    assert "\ud800" not in inline("\ud800") + code("\ud800")


def test_what_turns_the_direction_of_text_is_spelt_out() -> None:
    turned = "so \u202edrawkcab\u202c and \u2066apart\u2069"
    for made in (inline(turned), code(turned), fence(turned)):
        assert "\\u202edrawkcab\\u202c" in made and "\\u2066apart\\u2069" in made
        assert not set("\u202e\u202c\u2066\u2069") & set(made)
    assert "\u200f" in fence("\u200fmarks that letters need stay")


def test_files_of_items_are_counted_by_their_name_and_duplicate_gates_are_no_decontamination(tmp_path: Path) -> None:
    own = tmp_path / "priv.jsonl"
    own.write_text('{"question": "How many lamps hang over the bridge in winter?"}\n')
    near = f"  - near_duplicate: {{on: instruction, against: [{own}]}}\n"
    text = PIPELINE.replace("against: [gsm8k, arena_hard]", f"against: [{own}]").replace("gates:\n", f"gates:\n{near}")
    found = card(tmp_path, [ended("r1", "rejected", "decontaminate", "in_priv", {"benchmark": "priv"})], text=text)
    assert "| `priv` | `decontaminate` | 1 |" in found
    assert found.count("| `near_duplicate` |") == 1  # among the gates, not among the benchmarks


def test_the_header_has_no_anchors() -> None:
    """People read it and edit it."""
    head = header(load(Path("pipelines/quickstart.yaml")), Books(), {"train": 1})
    assert head["annotations_creators"] == head["language_creators"] == ["machine-generated"]
    assert "&id" not in yaml.safe_dump(head)
