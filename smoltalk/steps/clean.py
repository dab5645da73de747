"""Ask a model for a small program that cleans a document, and apply it."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field

from smoltalk import prompts
from smoltalk.asking_step import AsksOne
from smoltalk.cleaning import Call, Cleaned, Program, ProgramError, apply, parse
from smoltalk.contracts import Ask
from smoltalk.errors import BadReply, RowFailed
from smoltalk.requests import Reply, Sampling
from smoltalk.rows import Row
from smoltalk.text import neutralise

_DROP, _KEEP = Call("drop_document"), Call("keep_document")


class Clean(AsksOne):
    """Writes what is left of a document after the model's program, the program, and what it did.

    `text_clean` is the cleaned text (empty where it is dropped), `document` is `keep` or `drop`, `program` the calls as
    they were done, `numbered` the text as the model saw it, `removed` and `changed` count lines, `lines_left` the rest.
    Program and numbered text make an exchange that trains a small model to clean. The document is cut into chunks of
    whole lines, each asked about on its own; line numbers are those of the whole text. A program that does not parse,
    or does not fit its chunk, is a bad reply (`program`) whose complaint the model is shown. A document is dropped when
    every chunk of it is; a chunk that alone is dropped loses its lines.
    """

    engine_kind: ClassVar[str] = "completes"
    looks_up: ClassVar[tuple[str, ...]] = ("_template",)

    of: str = "text"
    """The column that holds the document."""
    template: str = "clean_document"
    """A template that reads `numbered`, and `lines` of the whole document."""
    chunk: int = Field(default=8_000, ge=200)
    """Characters of one chunk; a single longer line is a chunk of its own."""
    max_chunks: int = Field(default=32, ge=1)
    """A document of more chunks fails."""
    sampling: Sampling = Field(default_factory=lambda: Sampling(temperature=0.2, max_tokens=512))
    attempts: int = Field(default=3, ge=1)
    """How often a program is asked for before the row is given up."""

    def check(self) -> Iterator[str]:
        if self._template.schema() is not None:
            yield f"template `{self._template.name}` returns JSON, and a program is plain text: `returns: text`"
        if foreign := sorted(self._template.variables() - {"numbered", "lines"}):
            yield f"template `{self._template.name}` reads `{foreign[0]}`; `clean` gives it `numbered` and `lines`"

    def reads(self) -> frozenset[str]:
        return frozenset({self.of})

    def writes(self) -> frozenset[str]:
        return frozenset({"text_clean", "document", "program", "numbered", "removed", "changed", "lines_left"})

    def says(self) -> Mapping[str, str]:
        return {self._template.name: self._template.text}

    def identity(self) -> dict[str, Any]:
        """The template counts by its text, not by its name."""
        return super().identity() | {"template": self._template.identity()}

    async def write(self, row: Row, ask: Ask) -> Row:
        """Raises `RowFailed`: `missing`, `too_long` or `program`."""
        text = row.get(self.of)
        if not isinstance(text, str) or not text.strip():
            raise RowFailed("missing", f"column `{self.of}` holds no text to clean")
        chunks = _chunks(text.split("\n"), self.chunk)
        if len(chunks) > self.max_chunks:
            raise RowFailed("too_long", f"the document has {len(chunks)} chunks of {self.chunk:,} characters")
        total, said = text.count("\n") + 1, list[Program]()
        for turn, (first, lines) in enumerate(chunks):
            request = self._template.request({"numbered": _numbered(lines, first), "lines": total}, self.sampling)

            def parsed(reply: Reply, first: int = first, lines: list[str] = lines) -> Program:
                return _program(reply, first, lines)

            said.append(await ask(self.engine, request, parsed, turn=turn, attempts=self.attempts))
        program = _joined(said, chunks)
        return _columns(program, apply(program, text), text)

    @cached_property
    def _template(self) -> prompts.Template:
        return prompts.find(self.template)


def _chunks(lines: list[str], size: int) -> list[tuple[int, list[str]]]:
    """Runs of whole lines of `size` characters at most, each with the number of its first line; blank runs left out."""
    chunks: list[tuple[int, list[str]]] = []
    room = 0
    for number, line in enumerate(lines, 1):
        room -= len(line) + 1
        if room < 0 or not chunks:
            chunks.append((number, []))
            room = size - len(line) - 1
        chunks[-1][1].append(line)
    return [(first, run) for first, run in chunks if any(line.strip() for line in run)]


def _numbered(lines: list[str], first: int) -> str:
    return "\n".join(f"[{number}] {line}" for number, line in enumerate(lines, first))


def _program(reply: Reply, first: int, lines: list[str]) -> Program:
    """The reply as a program that fits its chunk. Raises `BadReply`: `truncated`, `empty` or `program`."""
    if reply.finish == "length":
        raise BadReply("truncated", f"cut off after {reply.tokens_out} tokens")
    if not reply.text.strip():
        raise BadReply("empty")
    try:
        program = parse(reply.text)
        last = first + len(lines) - 1
        if foreign := [call for call in program if call.first and not (first <= call.first and call.last <= last)]:
            raise ProgramError(f"{foreign[0]} is not about the lines that are shown, {first} to {last}")
        # Lines above the chunk are not its business; whatever stands there, the numbers are the document's.
        apply(program, "\n" * (first - 1) + "\n".join(lines))
    except ProgramError as error:
        raise BadReply("program", neutralise(str(error))) from None
    return program


def _joined(said: list[Program], chunks: list[tuple[int, list[str]]]) -> Program:
    """The programs of all chunks as one for the document."""
    drops = [program == (_DROP,) for program in said]
    if all(drops):
        return (_DROP,)
    calls: list[Call] = []
    for program, drop, (first, lines) in zip(said, drops, chunks, strict=True):
        whole = Call("remove_lines", first, first + len(lines) - 1)
        calls += [whole] if drop else [call for call in program if call.first]
    return tuple(calls) or (_KEEP,)


def _columns(program: Program, cleaned: Cleaned, text: str) -> Row:
    lines = text.split("\n")
    return {
        "text_clean": neutralise(cleaned.text),
        "document": "drop" if cleaned.dropped else "keep",
        "program": neutralise("\n".join(map(str, program))),
        "numbered": _numbered(lines, 1),
        "removed": cleaned.lines_removed,
        "changed": cleaned.lines_changed,
        "lines_left": len(lines) - cleaned.lines_removed,
    }
