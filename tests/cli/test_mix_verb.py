"""`smoltalk mix`, and what the other verbs make of a mixture."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Smoltalk, same_as

MIX = """\
name: fruit
licence: mit
mix:
  rows: 20
  sources:
    baskets: {files: baskets.jsonl, share: 0.6, licence: mit}
    letters: {files: letters.jsonl, columns: {user: asked, assistant: told}, share: 0.4, where: {lang: en}, repeat: 2}
  splits: {train: 0.8, test: 0.2}
  tokenizer: nano
  max_tokens: 64
gates:
  - complete: {}
  - exact_duplicate: {on: messages}
keep: [lang, tokens]
"""


def line(**columns: object) -> str:
    return json.dumps(columns) + "\n"


def basket(number: int, words: str = "") -> str:
    asked = f"Which fruit is in basket {number}?"
    said = [{"from": "human", "value": asked}, {"from": "gpt", "value": f"Fruit number {number * 7}.{words}"}]
    return line(id=f"basket-{number}", messages=said)


@pytest.fixture
def mixture(here: Path) -> Path:
    """`mix.yaml` over two files: rows that pass, repeat each other, are too long, are of another language, are none."""
    (here / "mix.yaml").write_text(MIX)
    baskets = [basket(i) for i in range(20)] + [basket(3), basket(30, " and more" * 90), "{not json\n"]
    (here / "baskets.jsonl").write_text("".join(baskets))
    letters = [line(asked=f"Say letter {i}", told=f"It is {chr(97 + i)}.", lang="en") for i in range(6)]
    letters += [
        line(asked="Dis une lettre", told="C'est z.", lang="fr"),
        line(asked="Say letter 9", told=None, lang="en"),
    ]
    (here / "letters.jsonl").write_text("".join(letters))
    return here


def test_what_will_be_mixed_is_described(smoltalk: Smoltalk, mixture: Path) -> None:
    said = smoltalk("check", "mix.yaml")
    assert (said.code, said.err) == (0, "")
    same_as("mix_check", said.out)


def test_a_source_without_licence_is_told_at_check(smoltalk: Smoltalk, mixture: Path) -> None:
    (mixture / "mix.yaml").write_text(MIX.replace(", licence: mit}", "}"))
    said = smoltalk("check", "mix.yaml")
    assert said.code == 0 and "source `baskets` has no licence, and `smoltalk push` will refuse it" in said.out


def test_a_licence_that_is_misspelt_is_told_at_check(smoltalk: Smoltalk, mixture: Path) -> None:
    text = MIX.replace("licence: mit}", "licence: Apache}").replace("licence: mit\n", "licence: apache-2\n")
    (mixture / "mix.yaml").write_text(text)
    said = smoltalk("check", "mix.yaml")
    meant = "and would show `other`: did you mean `apache-2.0`?"
    assert f"  `licence`: the Hub knows no licence `apache-2`, {meant}" in said.out
    assert f"  source `baskets`: the Hub knows no licence `Apache`, {meant}" in said.out


def test_a_mixture_is_made_and_every_row_accounted_for(smoltalk: Smoltalk, mixture: Path) -> None:
    said = smoltalk("mix", "mix.yaml")
    assert said.code == 0, said.err
    same_as("mix_ending", said.out)
    books = json.loads(smoltalk("status", "runs/fruit", "--json").out)
    assert (books["state"], books["balanced"], books["accepted"]) == ("complete", True, 20)


def test_run_hands_a_mixture_over_and_knows_that_it_is_done(smoltalk: Smoltalk, mixture: Path) -> None:
    assert smoltalk("run", "mix.yaml", "--out", "m").code == 0
    for verb in ("run", "mix"):
        said = smoltalk(verb, "m")
        assert said.code == 0 and "m is complete: nothing is left to do" in said.out


def test_rows_are_those_of_the_mixture(smoltalk: Smoltalk, mixture: Path) -> None:
    said = smoltalk("mix", "mix.yaml", "--rows", "10", "--show", "1")
    assert said.code == 0 and "row 1  " in said.out and "  10 of " not in said.err
    assert json.loads(smoltalk("status", "runs/fruit", "--json").out)["accepted"] == 10
    said = smoltalk("mix", "mix.yaml", "--rows", "10", "--set", "mix.rows=4")
    assert said.code == 2 and "give one of them" in said.err


def test_a_mixture_that_is_short_of_rows_says_so_and_keeps_what_there_is(smoltalk: Smoltalk, mixture: Path) -> None:
    said = smoltalk("mix", "mix.yaml", "--set", "mix.sources.letters.repeat=1", "--set", "mix.rows=20")
    assert said.code == 3
    same_as("mix_short", said.err[said.err.index("stopped") :])
    assert json.loads(smoltalk("status", "runs/fruit", "--json").out)["state"] == "stopped"


def test_a_mixture_goes_on_from_any_folder(
    smoltalk: Smoltalk, mixture: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert smoltalk("mix", "mix.yaml").code == 0
    away = tmp_path / "away"
    away.mkdir()
    monkeypatch.chdir(away)
    said = smoltalk("mix", "../runs/fruit", "--set", "mix.rows=10")
    assert said.code == 0, said.err
    assert json.loads(smoltalk("status", "../runs/fruit", "--json").out)["accepted"] == 10


def test_a_mixture_whose_files_are_gone_can_still_be_looked_at(smoltalk: Smoltalk, mixture: Path) -> None:
    import pyarrow.parquet as pq

    assert smoltalk("mix", "mix.yaml").code == 0
    row_id = pq.read_table(mixture / "runs" / "fruit" / "data")["id"][0].as_py()
    (mixture / "letters.jsonl").unlink()
    assert smoltalk("status", "runs/fruit").code == 0
    said = smoltalk("trace", "runs/fruit", row_id)
    assert said.code == 0 and row_id in said.out
    said = smoltalk("mix", "runs/fruit")
    assert said.code == 2 and "there is no `letters.jsonl`" in said.err


def test_a_row_is_traced_through_the_run_it_comes_from(smoltalk: Smoltalk, mixture: Path) -> None:
    assert smoltalk("mix", "mix.yaml", "--out", "first").code == 0
    sources = "{one: {run: first, where: {source: letters}, count: 2}, two: {files: baskets.jsonl}}"
    (mixture / "second.yaml").write_text(
        f"name: second\nmix: {{sources: {sources}}}\ngates: [exact_duplicate: {{on: messages}}]\n"
    )
    assert smoltalk("mix", "second.yaml").code == 0
    shown = smoltalk("mix", "second.yaml", "--show", "99").out
    row_id = next(block.split()[2] for block in shown.split("\n\n") if "source: one" in block)
    said = smoltalk("trace", "runs/second", row_id).out
    assert "Say letter" in said, "the texts are not in the books"
    (earlier,) = [line for line in said.splitlines() if "smoltalk trace first " in line]
    assert smoltalk(*earlier.split()[2:]).code == 0
    fate = json.loads(smoltalk("trace", "runs/second", row_id, "--json").out)
    assert fate["born"]["messages"][0]["role"] == "user"


def test_a_few_rows_are_shown_of_each_source_in_turn(smoltalk: Smoltalk, mixture: Path) -> None:
    said = smoltalk("preview", "mix.yaml", "-n", "2")
    assert said.code == 0, said.err
    same_as("mix_preview", said.out)


def test_an_interrupted_mixture_says_how_to_go_on(
    smoltalk: Smoltalk, mixture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("smoltalk.mixing.session.mix", interrupted)
    said = smoltalk("mix", "mix.yaml", "--out", "m")
    assert said.code == 130 and "continue with: smoltalk mix m" in said.err


def test_another_file_under_the_same_name_is_noticed(smoltalk: Smoltalk, mixture: Path) -> None:
    assert smoltalk("mix", "mix.yaml").code == 0
    assert "nothing is left to do" in smoltalk("mix", "mix.yaml").out
    text = (mixture / "baskets.jsonl").read_text()
    (mixture / "baskets.jsonl").write_text(text.replace("Fruit number 35", "Fruit number 36"))
    said = smoltalk("mix", "mix.yaml")
    assert said.code == 0 and "nothing is left to do" not in said.out


def test_what_does_not_go_together_is_told(smoltalk: Smoltalk, mixture: Path) -> None:
    said = smoltalk("mix", "six.yaml")
    assert said.code == 2 and "has no `mix:`" in said.err and "smoltalk run six.yaml" in said.err
    said = smoltalk("run", "mix.yaml", "--executor", "distilabel")
    assert said.code == 2 and "is for pipelines with steps" in said.err
    (mixture / "taken").mkdir()
    (mixture / "taken" / "thesis.txt").write_text("mine")
    said = smoltalk("mix", "mix.yaml", "--out", "taken")
    assert said.code == 2 and "holds no run" in said.err and (mixture / "taken" / "thesis.txt").exists()


def test_what_a_mixture_goes_on_with_is_told(smoltalk: Smoltalk, mixture: Path) -> None:
    assert smoltalk("mix", "mix.yaml", "--set", "mix.sources.letters.repeat=1").code == 3
    assert "continues runs/fruit: 2 pieces kept; edited since: source" in smoltalk("mix", "mix.yaml").out
    (mixture / "mix.yaml").write_text(MIX.replace("exact_duplicate: {on: messages}", "near_duplicate: {on: messages}"))
    said = smoltalk("mix", "mix.yaml").out
    assert "continues runs/fruit: 0 pieces kept; edited since: gates" in said


def test_a_column_that_can_be_no_ones_is_told_once(smoltalk: Smoltalk, mixture: Path) -> None:
    (mixture / "mix.yaml").write_text(MIX.replace("{user: asked,", "{id: asked, user: asked,"))
    said = smoltalk("check", "mix.yaml")
    assert said.code == 2 and said.err.count("mix.yaml:") == 1
    assert "source `letters`: `id` is a column of ours" in said.err


def test_every_mistake_is_told_though_one_hides_the_whole(smoltalk: Smoltalk, mixture: Path) -> None:
    wrong = MIX.replace("rows: 20", "rowz: 20").replace("tokenizer: nano\n", "min_turns: 3\n  max_turns: 2\n")
    (mixture / "mix.yaml").write_text(wrong.replace("test: 0.2", "te-st: 0.2, val: 0.1"))
    said = smoltalk("check", "mix.yaml").err
    for mistake in (
        "no field `rowz`", "`te-st` is no name for a split", "the splits sum to 1.1", "`max_tokens`, but nothing says",
        "`min_turns` (3) is more than `max_turns` (2)",
    ):  # fmt: skip
        assert mistake in said


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("lang: en}", "lagn: en}", "source `letters`: has no column `lagn`"),
        ("user: asked", "user: askt", "source `letters`: has no column `askt`"),
        ("share: 0.6", "shar: 0.6", "no field `shar` in `mix.sources.baskets`"),
        ("rows: 20", "rowz: 20", "no field `rowz` in `mix`"),
    ],
)
def test_a_mistake_in_a_source_hides_none_of_gates_and_keep(
    smoltalk: Smoltalk, mixture: Path, right: str, wrong: str, told: str
) -> None:
    text = MIX.replace("on: messages", "on: mesages").replace("[lang, tokens]", "[foo, tokens]").replace(right, wrong)
    (mixture / "mix.yaml").write_text(text)
    said = smoltalk("check", "mix.yaml").err
    assert told in said
    assert "`exact_duplicate` reads column `mesages`, which no source has" in said
    assert "`keep` names column `foo`, which no source has" in said
    assert "`tokens`" not in said


def test_a_mistake_that_may_hide_columns_is_told_alone(smoltalk: Smoltalk, mixture: Path) -> None:
    text = MIX.replace("columns: {user", "colums: {extra: lang, user").replace("keep: [lang", "keep: [extra")
    (mixture / "mix.yaml").write_text(text)
    said = smoltalk("check", "mix.yaml").err
    assert "did you mean `columns`?" in said and "`extra`" not in said


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        (
            "letters: {files: letters.jsonl, columns",
            "plain: baskets.jsonl\n    letters: {files: letters.jsonl, columns",
            "plain: must be a mapping, not `baskets.jsonl`\n    say what it is: `plain: {files: baskets.jsonl}`",
        ),
        ("  rows: 20", "  seed: 3\n  rows: 20", "no field `seed` in `mix`\n    `seed` stands beside `mix:`, not in it"),
        ("  tokenizer: nano\n  max_tokens: 64\n", "", "`keep` names column `tokens`, and nothing counts them"),
        ("files: baskets.jsonl", "files: grapes.csv", "there is no `grapes.csv`\n    JSON Lines (.jsonl, .ndjson) and"),
    ],
)
def test_what_may_have_been_meant_is_said(smoltalk: Smoltalk, mixture: Path, right: str, wrong: str, told: str) -> None:
    (mixture / "mix.yaml").write_text(MIX.replace(right, wrong))
    assert told in smoltalk("check", "mix.yaml").err


def test_bytes_that_are_no_text_are_told(smoltalk: Smoltalk, mixture: Path) -> None:
    with (mixture / "baskets.jsonl").open("ab") as file:
        file.write(basket(40).encode().replace(b"Which", b"Wh\xe9ch"))
    said = smoltalk("mix", "mix.yaml").out
    assert "baskets: control tokens, half characters or bytes that are no UTF-8 in 1 row, made harmless" in said


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_named(smoltalk: Smoltalk, mixture: Path, name: str) -> None:
    (mixture / "baskets.jsonl").write_text(basket(1) + basket(2), name)
    for verb in ("check", "mix"):
        said = smoltalk(verb, "mix.yaml")
        encoding = name[:6].upper()
        assert said.code == 2
        assert f"mix.yaml:6  source `baskets`: `baskets.jsonl` is {encoding}, and JSON Lines are UTF-8" in said.err
        assert f"iconv -f {encoding} -t UTF-8 baskets.jsonl" in said.err


def test_a_row_that_was_not_drawn_says_why_it_ended_there(smoltalk: Smoltalk, mixture: Path) -> None:
    import pyarrow.parquet as pq

    (mixture / "few.yaml").write_text(
        "name: few\nmix: {sources: {one: {files: baskets.jsonl, count: 2}}}\n"
        "gates: [exact_duplicate: {on: messages}, length: {min: 1}]\n"
    )
    assert smoltalk("mix", "few.yaml").code == 0
    turned_away = pq.read_table(mixture / "runs" / "few" / "rejected" / "mix.parquet").to_pylist()
    row_id = next(row["id"] for row in turned_away if row["reason"] == "beyond_count")
    life = json.loads(smoltalk("trace", "runs/few", row_id, "--json").out)
    ends = [(gate["gate"], gate["ruling"]) for gate in life["gates"]]
    assert ends == [("length", "kept"), ("mix", "rejected"), ("exact_duplicate", "not reached")]
    said = smoltalk("trace", "runs/few", row_id).out
    assert "rejected: beyond_count (its source gave as many rows as its `count` asks for" in said
