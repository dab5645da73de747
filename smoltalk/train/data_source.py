"""`data:` of a recipe: which rows a model is trained on, and which are held out to measure it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from smoltalk.contracts import Part
from smoltalk.mixture.source import MixSource, Value

Makes = Literal["sft", "dpo"]
TEST_SPLITS = ("test", "validation", "eval")
"""Splits of a run or mixture that are held out without being asked for."""


class TrainingData(Part):
    """Rows to train on: exactly one of `run`, `files` and `hub` says where they are.

    Columns are read as those of a mixture's source are: turns of OpenAI's or ShareGPT's form, texts made into turns,
    pairs. Control tokens in them are made harmless.
    """

    run: str | None = None
    """The folder of a finished run or mixture."""
    files: str | list[str] | None = None
    """JSON Lines or Parquet: files, folders or globs, relative to the working directory."""
    hub: str | None = None
    """A dataset on the Hub: `org/name`."""
    config: str | None = None
    """Of a Hub dataset: its configuration."""
    revision: str | None = None
    """Of a Hub dataset: a commit, tag or branch."""
    split: str = "train"
    """Of a run, a mixture or a Hub dataset: what is trained on."""
    test_split: str | None = None
    """Of the same: what is held out whole. A run's `test` or `validation` is held out unasked."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Ours to theirs: `{messages: conversations}`, `{user: question, assistant: answer}`, `{tools: functions}`."""
    where: dict[str, Value | list[Value]] = Field(default_factory=dict)
    """Only rows whose column is this value, or one of these. Theirs, not ours."""
    rows: int | None = Field(default=None, gt=0)
    """At most so many rows, those whose first question hashes lowest; the same ones every time."""
    held_out: float = Field(default=0.05, ge=0)
    """Where nothing else is: this share of the rows (below 1), or so many. Rows that ask the same first question are
    held out together or not at all. 0 holds out none."""
    max_faulty: float = Field(default=0.0, ge=0, lt=1)
    """Share of rows that may be left out because a trainer cannot learn from them. More of them, and nothing starts."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        """One word: a run's folder, files, or a dataset on the Hub."""
        return where_it_is(given) if isinstance(given, str) else given

    @field_validator("held_out")
    @classmethod
    def _held_out_sanely(cls, given: float) -> float:
        if given >= 1 and given != int(given):
            raise ValueError("must be a share below 1 or a whole number of rows")
        return given

    def source(self, split: str) -> MixSource:
        """What is read, as a mixture's source. A split of a run is the files that are named after it."""
        if self.hub is not None:
            given: dict[str, Any] = {"hub": self.hub, "config": self.config, "split": split, "revision": self.revision}
        elif self.run is not None and len(self.splits()) > 1:
            given = {"files": [str(path) for path in _of_split(Path(self.run), split)]}
        else:
            given = {"files": self.files} if self.files is not None else {"run": self.run}
        return MixSource.model_validate({**given, "columns": self.columns, "where": self.where})

    def splits(self) -> tuple[str, ...]:
        """Of a run: what its files are named after."""
        data = Path(self.run) / "data" if self.run is not None else None
        return tuple(sorted({path.name.rsplit("-", 1)[0] for path in data.glob("*.parquet")})) if data else ()

    def tested_on(self) -> str | None:
        """The split that is held out whole, if there is one."""
        if self.test_split is not None:
            return self.test_split
        return next((one for one in TEST_SPLITS if one in self.splits() and one != self.split), None)

    def mistakes(self, makes: Makes) -> Iterator[tuple[tuple[str, ...], str, str]]:
        """(key below `data`, sentence, hint) of everything wrong that can be seen without reading the rows."""
        from smoltalk.mixture.mistakes import of_source

        if self.run is None:
            if self.files is not None:
                for name in ("config", "revision", "split", "test_split"):
                    if name in self.model_fields_set:
                        yield (name,), f"`{name}` is not of files", "leave it out, or name other files"
        elif there := self.splits():
            for name, split in (("split", self.split), ("test_split", self.test_split)):
                if split is not None and split not in there and len(there) > 1:
                    yield (name,), f"the run in `{self.run}` has no split `{split}`", f"it has {', '.join(there)}"
        kinds = {"sft": "conversations", "dpo": "pairs"}
        whole = {"run": self.run, "files": self.files, "hub": self.hub, "columns": self.columns, "where": self.where}
        source = MixSource.model_validate({name: value for name, value in whole.items() if value is not None})
        for key, sentence, hint in of_source("data", source, makes):
            told = sentence.removeprefix("source `data`: ")
            if "makes: " in told:
                other = "dpo" if makes == "sft" else "sft"
                told = f"the run in `{self.run}` holds {kinds[other]}, and this trainer learns from {kinds[makes]}"
                hint = "smoltalk train dpo, or reward" if makes == "sft" else (
                    f"smoltalk train sft; or make pairs of what was rejected: smoltalk pairs {self.run}"
                )  # fmt: skip
            if told == "holds no rows":
                place = self.run or self.hub or self.files
                yield key[2:], f"{place if isinstance(place, str) else ', '.join(place or ())} holds no rows", ""
            elif key[2:] == () and told.startswith("has no column"):
                yield from _lacks(source, makes, told, hint)
            else:
                yield key[2:], told, hint


def _lacks(source: MixSource, makes: Makes, told: str, hint: str) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Columns of the trainer's form that are not there; `prompt` need not be, where both answers begin with it."""
    from smoltalk.mixture.here import look

    there = (look(source).columns or frozenset()) | source.columns.keys()
    if makes == "dpo" and {"chosen", "rejected"} <= there:
        return
    if makes == "dpo" and "messages" in there:
        hint = "`smoltalk train sft` learns from them; `smoltalk pairs RUN` makes pairs of what a run rejected"
        yield (), "the rows are conversations, and this trainer learns from pairs", hint
    elif makes == "sft" and {"chosen", "rejected"} <= there:
        yield (), "the rows are pairs, and this trainer learns from conversations", "smoltalk train dpo, or reward"
    else:
        yield (), told, hint


def where_it_is(given: str) -> dict[str, str]:
    """What a single word means: the folder of a run, files of this machine, or a dataset on the Hub."""
    place = Path(given)
    if (place / "run.db").is_file():
        return {"run": given}
    on_disk = place.exists() or any(map(given.count, "*?[")) or place.suffix in (".jsonl", ".parquet")
    if on_disk or given.count("/") != 1 or given.startswith((".", "/", "~", "runs/")):
        return {"run": given} if (place.is_dir() and (place / "data").is_dir()) or not on_disk else {"files": given}
    return {"hub": given}


def _of_split(run: Path, split: str) -> list[Path]:
    return sorted((run / "data").glob(f"{split}-*.parquet"))
