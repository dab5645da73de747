"""What a reader should look at first, told from everything else that was found."""

from collections.abc import Iterator

from smoltalk.reporting.figures import Degenerate, Lengths
from smoltalk.reporting.findings import FunnelStage, Overview, Remark
from smoltalk.reporting.machinery import EngineFacts
from smoltalk.reporting.people import TENTATIVE, People
from smoltalk.reporting.suspicions import Contamination, Duplicates, Phrases
from smoltalk.reporting.variety import Diversity, Languages, Pairs

_FAILED, _GATE = 0.1, 0.5
_LEFT, _CLOSE, _LONGER, _IDLE = 0.01, 0.2, 0.65, 0.5
_REFUSALS = 10.0
"""Per 1,000 rows."""
_FEW = 20
_LANGUAGE = 0.05


def of_run(overview: Overview, funnel: list[FunnelStage]) -> Iterator[Remark]:
    """How it ended, and what most rows were lost to."""
    if overview.state in ("interrupted", "running", "new"):
        yield Remark("warning", "overview", f"The books are not closed: the run is {overview.state}.")
    elif overview.state == "stopped":
        asked = f" of the {overview.target:,} asked for" if overview.target else ""
        yield Remark("warning", "overview", f"It stopped with {overview.accepted:,} rows{asked}: {overview.why}.")
    if not overview.accepted:
        yield Remark("alarm", "overview", "No row was accepted.")
    if not overview.licence:
        yield Remark("note", "made_with", "No licence is stated.")
    if overview.born and overview.failed / overview.born > _FAILED:
        yield Remark("warning", "funnel", f"{overview.failed / overview.born:.0%} of the rows failed.")
    if overview.pending:
        rows = "1 row is" if overview.pending == 1 else f"{overview.pending:,} rows are"
        until = "until people have looked: `smoltalk review push`, then `pull`."
        yield Remark("warning", "funnel", f"{rows} held back {until}")
    for stage in funnel:
        if stage.fate == "rejected" and stage.came >= _FEW and stage.left / stage.came > _GATE and stage.label != "mix":
            yield Remark(
                "note", "funnel", f"`{stage.label}` turned away {stage.left / stage.came:.0%} of what came to it."
            )


def of_people(people: People | None) -> Iterator[Remark]:
    """Answers that nobody should lean on."""
    if people and people.alpha is not None and people.shared >= _FEW and people.alpha < TENTATIVE:
        said = f"People agree too little to rely on their answers: Krippendorff's alpha is {people.alpha:.2f}."
        yield Remark("warning", "people", said)


def of_data(
    degenerate: list[Degenerate], duplicates: Duplicates | None, contamination: list[Contamination], checked: bool
) -> Iterator[Remark]:
    """Judges, copies and benchmarks."""
    for one in degenerate:
        yield Remark(
            "warning" if one.kind in ("low_entropy", "follows_length") else "alarm", "degenerate", one.sentence
        )
    if duplicates and duplicates.sample >= _FEW:
        left = duplicates.left_near
        if left / duplicates.sample > _LEFT:
            share = f"{left / duplicates.sample:.1%}"
            yield Remark("warning", "duplicates", f"{share} of the accepted rows are near copies of earlier ones.")
    rows = sum(one.rows for one in contamination)
    if rows:
        yield Remark("note", "contamination", f"{rows:,} rows held benchmark items and were turned away.")
    if not checked:
        yield Remark("note", "contamination", "No benchmark was checked against.")


def of_texts(
    phrases: Phrases | None,
    diversity: Diversity | None,
    languages: Languages | None,
    lengths: list[Lengths],
    pairs: Pairs | None,
) -> Iterator[Remark]:
    """Wording, variety and length."""
    for one in phrases.phrases if phrases else ():
        if one.group == "refusal" and one.rate > _REFUSALS:
            yield Remark("warning", "phrases", f"“{one.phrase}” stands in {one.rate:.0f} of 1,000 rows.")
    if diversity and diversity.neighbour_sample >= _FEW and diversity.close > _CLOSE:
        yield Remark("warning", "diversity", f"{diversity.close:.0%} of the prompts have a near twin in the sample.")
    for opening in diversity.openings if diversity else ():
        if opening.share > _CLOSE and diversity and diversity.sample >= _FEW:
            said = f"{opening.share:.0%} of the {opening.role}'s first turns begin “{opening.words}”."
            yield Remark("note", "diversity", said)
    named = [one for one in languages.counts if one.label != "not told"] if languages else []
    if languages and sum(one.n > _LANGUAGE * languages.sample for one in named) > 1:
        yield Remark("note", "languages", "More than one language makes up over 5 % of the rows.")
    for length in lengths:
        if length.what == "assistant" and length.unit == "words" and length.rows >= _FEW and length.p5 == 0:
            yield Remark("warning", "lengths", "At least one answer in twenty has no words.")
    if pairs and pairs.pairs >= _FEW and not 1 - _LONGER < pairs.chosen_longer < _LONGER:
        yield Remark(
            "warning", "pairs", f"The chosen answer is the longer one in {pairs.chosen_longer:.0%} of the pairs."
        )
    if pairs and pairs.same_answers:
        yield Remark("alarm", "pairs", f"{pairs.same_answers:,} pairs have the same answer twice.")


def of_engines(engines: list[EngineFacts]) -> Iterator[Remark]:
    """Engines that were up and had little to do."""
    for engine in engines:
        if engine.busy is not None and 1 - engine.busy > _IDLE and engine.full + engine.part + engine.empty > 60:
            yield Remark("note", "engines", f"`{engine.name}`: {engine.idle_why}.")
