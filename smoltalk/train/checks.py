"""Every row looked at before a model loads: faulty ones, how long the template makes them, what `max_length` cuts."""

from dataclasses import dataclass, field
from typing import Any

from smoltalk.errors import Problem, UserError
from smoltalk.train.ending import remarks
from smoltalk.train.loading import Rows, Tell
from smoltalk.train.recipe import Recipe
from smoltalk.train.template import Template, positions, prepared
from smoltalk.train.writing import SEEN, UNWRITTEN, is_conversational, looker

_SHOWN = 5


@dataclass(slots=True)
class Checked:
    """What was seen. Tokens are as the chat template writes rows; of a pair, its longer side."""

    rows: int
    held_out: int
    tokens: int
    longest: int
    learned: int
    """Tokens of them that a loss is taken of."""
    max_length: int | None
    cut: int = 0
    """Rows that are longer than `max_length`."""
    cut_tokens: int = 0
    left_out: int = 0
    """Faulty rows, training and held out."""
    faults: list[tuple[str, str]] = field(default_factory=list)
    """(row, what is wrong), the first few."""
    otherwise: int = 0
    """Rows that TRL's own training template writes in another way than the template that is saved."""
    toolless: int = 0
    """Rows whose `tools` the template passes over."""
    torn: int = 0
    """Rows, held out too, in which characters were lost before they came here."""
    lengths: list[int] = field(default_factory=list)
    """Tokens of every row that is trained on."""
    whole: bool = False
    """Whether what is beyond `max_length` is left out row by row, not cut."""
    of_template: list[str] = field(default_factory=list)
    """What a person should know of the template, and of how rows are measured."""

    def remarks(self) -> list[str]:
        """What a person should know before training."""
        said = [*self.of_template]
        if self.max_length and self.cut:
            share, lost = self.cut / max(self.rows, 1), self.cut_tokens / max(self.tokens, 1)
            goes = "they are left out" if self.whole else f"{lost:.1%} of all tokens are cut"
            said.append(
                f"{self.cut:,} of {self.rows:,} rows ({share:.1%}) are longer than max_length {self.max_length:,}: "
                f"{goes}; the longest has {self.longest:,}"
            )
        if self.otherwise:
            said.append(
                f"TRL's training template writes {self.otherwise:,} rows in another way than the one that is saved: "
                "they are trained on text that is served differently"
            )
        if self.toolless:
            said.append(f"the template passes over the `tools` of {self.toolless:,} rows: the model does not see them")
        if self.torn:
            said.append(
                f"{self.torn:,} of {self.rows + self.held_out:,} rows hold U+FFFD, which stands where bytes are no "
                "UTF-8: their text is damaged; is the file in another encoding?"
            )
        if self.left_out:
            row, fault = self.faults[0]
            said.append(f"{self.left_out:,} faulty rows are left out, the first: {row}: {fault}")
        return said


def check(recipe: Recipe, rows: Rows, tell: Tell) -> tuple[Checked, Template]:
    """Look at every row, and leave faulty ones out of `rows` where `max_faulty` allows it.

    Raises `UserError` where a template cannot write rows, where too many are faulty, and for rows of the wrong kind.
    """
    tell("read the tokenizer")
    template = prepared(recipe, is_conversational(recipe, rows.train))
    faults = [(one.place, one.detail) for one in rows.failed]
    born = len(rows.train) + len(rows.test or ()) + len(rows.failed)
    rows.train, seen, found = _looked(recipe, rows.train, template, tell)
    faults += found
    if rows.test is not None:
        rows.test, tested, found = _looked(recipe, rows.test, template, tell)
        faults += found
        seen["torn"] += tested["torn"]
        rows.test = rows.test if len(rows.test) else None
    _refuse(recipe, faults, born)
    limit = None if _goes_on(recipe) else recipe.value("max_length", 1024)
    tokens = seen["tokens"]
    checked = Checked(
        len(rows.train), len(rows.test or ()), sum(tokens), max(tokens, default=0), sum(seen["learned"]), limit,
        left_out=len(faults), faults=faults[:_SHOWN], otherwise=sum(seen["otherwise"]), toolless=sum(seen["toolless"]),
        torn=sum(seen["torn"]), lengths=tokens,
        whole=recipe.kind == "reward",
        of_template=[*remarks(recipe, template, rows.train[0])] if recipe.kind != "reward" else [],
    )  # fmt: skip
    if limit:
        most = positions(recipe)
        if most and limit > most and ("max_length" in recipe.given or checked.longest > most):
            checked.of_template.append(
                f"max_length {limit:,} is more than the {most:,} positions that the model was made for"
            )
        checked.cut = sum(n > limit for n in tokens)
        checked.cut_tokens = sum(max(0, n - limit) for n in tokens)
        if checked.cut == checked.rows and not template.completes:
            sentence = f"max_length: all {checked.rows:,} rows are longer than {limit:,} tokens"
            raise recipe.problem("max_length", sentence, f"the longest has {checked.longest:,}")
    return checked, template


def _goes_on(recipe: Recipe) -> bool:
    """Whether packing carries what is beyond `max_length` into the next stretch."""
    return bool(recipe.value("packing", False)) and recipe.value("packing_strategy", "bfd") in ("bfd_split", "wrapped")


def _looked(
    recipe: Recipe, dataset: Any, template: Template, tell: Tell
) -> tuple[Any, dict[str, list[Any]], list[tuple[str, str]]]:
    """The sound rows, what was seen of them, and what is wrong with the others."""
    tell(f"look at {len(dataset):,} {'row' if len(dataset) == 1 else 'rows'}")
    seen = dataset.map(
        looker(template, recipe.makes), batched=True, batch_size=64, remove_columns=dataset.column_names,
        num_proc=recipe.value("dataset_num_proc", None), keep_in_memory=len(dataset) < 200_000,
    )  # fmt: skip
    told = list(seen["fault"])
    wrong = [(_name(dataset, place), fault) for place, fault in enumerate(told) if fault]
    sound = [place for place, fault in enumerate(told) if not fault]
    if wrong:
        dataset, seen = dataset.select(sound), seen.select(sound)
    return dataset, {name: list(seen[name]) for name in SEEN}, wrong


def _name(dataset: Any, place: int) -> str:
    for name in ("source_id", "id"):
        if name in dataset.column_names:
            return f"row {dataset[place][name]}"
    return f"row {place + 1}"


def _refuse(recipe: Recipe, faults: list[tuple[str, str]], born: int) -> None:
    allowed = recipe.ours.data.max_faulty if recipe.ours.data is not None else 0.0
    if not faults or (len(faults) < born and len(faults) <= allowed * born):
        return
    said = {fault for _, fault in faults}
    if len(faults) == born and len(said) == 1 and (fault := said.pop()).startswith(UNWRITTEN):
        key = "chat_template_path" if recipe.value("chat_template_path", None) else "model_name_or_path"
        why = fault.removeprefix(UNWRITTEN)
        raise recipe.problem(key, f"{key}: the chat template can write none of the {born:,} rows{why}")
    key = next((one for one in ("data", "datasets", "dataset_name") if one in recipe.document.data), "data")
    line = recipe.document.line((key,))
    problems = [Problem(str(recipe.path), line, f"{key}: {row}: {fault}") for row, fault in faults[:_SHOWN]]
    more = f"{len(faults):,} of {born:,} rows cannot be learned from"
    share = -(-len(faults) * 1000 // born) / 1000
    can = share < 1 and recipe.ours.data is not None
    hint = f"`max_faulty: {share:g}` under `data:` leaves them out" if can else ""
    raise UserError([*problems, Problem(str(recipe.path), line, f"{key}: {more}", hint)])
