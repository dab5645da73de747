"""`smoltalk classifier`: from a run that a teacher scored to a classifier, with figures and without tracebacks."""

from pathlib import Path

import pytest

from smoltalk.cli import main
from smoltalk.cli.classifier import classifier
from smoltalk.errors import UserError
from smoltalk.steps.classify import Classify
from smoltalk.text_classifier import TextClassifier

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the shipped pipeline's rehearsal."""
    run = tmp_path_factory.mktemp("classifier") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert main(["run", "pipelines/classifier.yaml", "--rehearse", "--out", str(run)]) == 0
    return run


def test_a_run_becomes_a_classifier(scored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    classifier(scored, tmp_path / "made", bits=12)
    said = capsys.readouterr().out
    assert "learnt from 36 texts; a text is good from 2.5 on" in said
    assert "F1 of calling every text good" in said and f"classify: {{model: {tmp_path / 'made'}, of: text}}" in said
    made = TextClassifier.load(tmp_path / "made")
    assert (made.about.label, made.about.of, made.about.bits, made.about.rows) == ("score", "text", 12, 36)
    step = Classify(model=str(tmp_path / "made"))
    page, shop = (step.write_batch([{"text": (ROOT / "pipelines/samples/documents" / name).read_text()}])[0]["score"]
                  for name in ("tides.md", "shop_shoes.txt"))  # fmt: skip
    assert page > 3 > 1 > shop


def test_it_is_the_classifier_that_ships(scored: Path, tmp_path: Path) -> None:
    """The sample stays what its page says: learnt from this run, with these features."""
    classifier(scored, tmp_path, bits=12)
    ours, shipped = (
        TextClassifier.load(tmp_path),
        TextClassifier.load(ROOT / "pipelines/samples/educational_classifier"),
    )
    assert ours.about == shipped.about
    assert ours.weights == pytest.approx(shipped.weights, abs=1e-5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"label": "scor"}, "did you mean `score`"),
        ({"of": "txt"}, "did you mean `text`"),
        ({"label": "score_reason"}, "no row has a number in `score_reason`"),
        ({"cut": 9.0}, "0 of 36 labels are 9 or more"),
    ],
)
def test_mistakes_are_sentences(scored: Path, tmp_path: Path, options: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        classifier(scored, tmp_path / "made", **options)  # type: ignore[arg-type]
    assert not (tmp_path / "made").exists()


def test_a_folder_that_is_no_run_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        classifier(tmp_path, tmp_path / "made")


def test_a_folder_of_something_else_is_left_alone(scored: Path, tmp_path: Path) -> None:
    (tmp_path / "weights.npz").write_text("mine")
    with pytest.raises(UserError, match="holds other files"):
        classifier(scored, tmp_path, bits=12)
    with pytest.raises(UserError, match="is a file, not a folder"):
        classifier(scored, tmp_path / "weights.npz", bits=12)
    assert (tmp_path / "weights.npz").read_text() == "mine"
