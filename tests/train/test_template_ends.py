"""A model is served to stop where its training ended answers; what differs is told before training."""

from pathlib import Path

import pytest

from smoltalk.errors import UserError, WorldError
from smoltalk.train.recipe import read
from tests.train.conftest import Write, talk

pytest.importorskip("trl", reason="TRL is not installed")

from smoltalk.train.session import look
from smoltalk.train.template import prepared

TURNS = """\
{%- for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}
{%- if message['role'] == 'assistant' %}{% generation %}{{ message['content'] INSIDE }}{% endgeneration %}{{ OUTSIDE }}
{%- else %}{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\\n' }}
{%- endfor %}"""


def remarks(recipe_file: Write, tmp_path: Path, inside: str, outside: str, **keys: str) -> list[str]:
    template = tmp_path / "ends.jinja"
    template.write_text(TURNS.replace("INSIDE", inside).replace("OUTSIDE", outside))
    rows = [talk(n) for n in range(6)]
    path = recipe_file(rows, {"held_out": 0}, chat_template_path=str(template), assistant_only_loss=True, **keys)
    told: list[str] = look(read("sft", path), tmp_path / "rows", lambda line: None).checked.remarks()
    return told


def test_an_end_that_is_learned_and_served(recipe_file: Write, tmp_path: Path) -> None:
    assert remarks(recipe_file, tmp_path, "+ '<|im_end|>'", "''") == []


def test_an_end_that_is_not_the_one_served(recipe_file: Write, tmp_path: Path) -> None:
    told = remarks(recipe_file, tmp_path, "+ '<|im_start|>'", "''")
    assert told[0] == (
        "the template ends an answer with `<|im_start|>`, and the model is served to stop at `<|im_end|>`; "
        "`eos_token: <|im_start|>` makes it so"
    )
    assert not any("served to stop" in one for one in remarks(
        recipe_file, tmp_path, "+ '<|im_start|>'", "''", eos_token="<|im_start|>"
    ))  # fmt: skip


def test_an_end_that_is_not_learned(recipe_file: Write, tmp_path: Path) -> None:
    told = remarks(recipe_file, tmp_path, "", "'<|im_end|>'")
    assert len(told) == 1
    assert "the model does not learn to stop" in told[0]


@pytest.mark.parametrize(
    ("said", "kind", "hint"),
    [
        ("You are trying to access a gated repo.\nMake sure", UserError, "ask for access at hf.co/a/b, and log in"),
        ("We couldn't connect to 'https://huggingface.co' to load", WorldError, "when the Hub answers"),
        ("a/b is not a local folder and is not a valid", UserError, "or a name on the Hub"),
    ],
)
def test_a_tokenizer_that_cannot_be_had(
    recipe_file: Write, monkeypatch: pytest.MonkeyPatch, said: str, kind: type[Exception], hint: str
) -> None:
    from transformers import AutoTokenizer

    def refuse(*_: object, **__: object) -> None:
        raise OSError(said)

    monkeypatch.setattr(AutoTokenizer, "from_pretrained", refuse)
    recipe = read("sft", recipe_file([talk(1)], model_name_or_path="a/b"))
    with pytest.raises(kind) as error:
        prepared(recipe, True)
    assert "no tokenizer can be read from `a/b`" in str(error.value)
    assert hint in str(error.value)
