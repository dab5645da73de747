"""Items as a file that a person fills in with any editor or spreadsheet, and back: CSV or JSON Lines."""

import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from smoltalk.errors import Problem, UserError, nearest
from smoltalk.pipeline.model import Makes
from smoltalk.review.records import ISSUES, MOST_STARS, Answer, Decision, Item, Turn, Winner

KINDS = (".csv", ".jsonl")
_RECORD = "record"
_ASKED: dict[Makes, tuple[str, ...]] = {
    "sft": ("decision", "rating", "issues", "text", "comment", "reviewer"),
    "dpo": ("winner", "issues", "comment", "reviewer"),
}
"""What the person fills in."""
_ACTS = re.compile(r"'*[=+\-@\t\r]")
"""Cells that a spreadsheet takes for a formula (OWASP, CSV injection), and those that look like ours with a quote."""
_CHOICES = {"decision": get_args(Decision), "winner": get_args(Winner)}


def sheet(items: Iterable[Item], kind: str, blind: bool) -> str:
    """The text of a file to fill in; `kind` is one of `KINDS`. A blind one leaves out what scores and gates said."""
    lines = [_line(item, blind) for item in items]
    if kind == ".jsonl":
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    stream = io.StringIO(newline="")
    names = list(dict.fromkeys(name for line in lines for name in line))
    writer = csv.DictWriter(stream, names)
    writer.writeheader()
    for line in lines:
        writer.writerow({name: _harmless(_text(value)) for name, value in line.items()})
    return stream.getvalue()


def read_sheet(path: Path, reviewer: str | None) -> list[Answer]:
    """What was filled in; lines without a decision are no answers.

    `reviewer` stands for lines that name none. Raises `UserError` with every line that cannot be an answer, and
    `OSError`.
    """
    if path.suffix not in KINDS:
        raise UserError([Problem(str(path), 0, "is neither .csv nor .jsonl", "what `review export` wrote is")])
    text = _decoded(path)
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None).isoformat()
    answers: dict[tuple[str, str, str], tuple[int, Answer]] = {}
    problems = []
    for number, line in _lines(path, text):
        if isinstance(line, Problem):
            problems.append(line)
            continue
        if not any(str(line.get(name) or "").strip() for name in _CHOICES):
            continue
        try:
            answer = _answer(line, reviewer, at, path.name)
        except ValueError as error:
            sentence, _, hint = str(error).partition("\n")
            problems.append(Problem(str(path), number, sentence, hint))
            continue
        before, said = answers.setdefault((answer.id, answer.mark, answer.reviewer), (number, answer))
        if said != answer:
            sentence = f"`{answer.reviewer}` answers the row of line {before} again, and otherwise"
            problems.append(Problem(str(path), number, sentence, "one line a row and reviewer: remove one of them"))
    if problems:
        raise UserError(problems)
    return [answer for _, answer in answers.values()]


def _decoded(path: Path) -> str:
    """The file's text. Raises `UserError` where it is not UTF-8: letters that are guessed would become the row's."""
    data = path.read_bytes()
    line = 1
    try:
        if b"\0" not in data[:4]:  # as in UTF-16 without a mark of its bytes
            return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    hint = "save it as UTF-8: in spreadsheets `CSV UTF-8`, or the character set `Unicode (UTF-8)`"
    raise UserError([Problem(str(path), line, "is not UTF-8", hint)])


def _line(item: Item, blind: bool) -> dict[str, Any]:
    line: dict[str, Any] = {_RECORD: item.name}
    line |= {"tools": item.tools} if item.tools else {}
    if item.makes == "dpo":
        line |= {"prompt": _told(item.turns), "answer_a": item.answers[0], "answer_b": item.answers[1]}
    else:
        line |= {"conversation": _told(item.turns)}
    line |= {} if blind else {"evidence": "\n".join(f"{name}: {value}" for name, value in item.evidence.items())}
    return line | dict.fromkeys(_ASKED[item.makes], "")


def _told(turns: Iterable[Turn]) -> str:
    return "\n\n".join(f"{turn.role}:\n{turn.content}" for turn in turns)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _harmless(cell: str) -> str:
    return f"'{cell}" if _ACTS.match(cell) else cell


def _as_it_was(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _ACTS.match(cell) else cell


# ---------------------------------------------------------------- back


def _lines(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any] | Problem]]:
    """Lines with the numbers at which they end, and what is wrong with those that cannot be read."""
    if path.suffix == ".jsonl":
        for number, one in enumerate(text.split("\n"), 1):
            if one.strip():
                yield number, _parsed(path, number, one)
        return
    csv.field_size_limit(sys.maxsize)
    head = text.partition("\n")[0]
    comma = max(",;\t", key=head.count)  # spreadsheets of some countries write another one
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=comma)
    try:
        if _RECORD not in (reader.fieldnames or ()):
            hint = "it says which row is meant: leave it as it was exported"
            raise UserError([Problem(str(path), 1, f"has no column `{_RECORD}`", hint)])
        if not any(name in _CHOICES for name in reader.fieldnames or ()):
            hint = "what people say stands there; `smoltalk review export` writes it"
            raise UserError([Problem(str(path), 1, "has no column `decision`, nor `winner`", hint)])
        for line in reader:
            yield reader.line_num, {str(name): _as_it_was(cell or "") for name, cell in line.items() if name}
    except csv.Error as error:
        yield reader.line_num, Problem(str(path), reader.line_num, f"is no CSV: {error}")


def _parsed(path: Path, number: int, text: str) -> Mapping[str, Any] | Problem:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Problem(str(path), number, f"is no JSON: {error}")
    return found if isinstance(found, dict) else Problem(str(path), number, "is no JSON object")


def _answer(line: Mapping[str, Any], reviewer: str | None, at: str, origin: str) -> Answer:
    """Raises `ValueError`, its hint after a line break."""
    row_id, _, mark = str(line.get(_RECORD) or "").strip().rpartition("-")
    if not row_id or not mark:
        raise ValueError(f"`{_RECORD}` does not say which row is meant\nleave that column as it was exported")
    who = str(line.get("reviewer") or "").strip() or reviewer
    if not who:
        raise ValueError("nobody says who answered\nfill in `reviewer`, or say --reviewer NAME")
    values: dict[str, Any] = {}
    for name, choices in _CHOICES.items():
        if said := str(line.get(name) or "").strip().lower().replace(" ", "_"):
            if said not in choices:
                raise ValueError(f"`{name}` is `{said}`\n{nearest(said, choices)}")
            values[name] = said
    if rating := str(line.get("rating") or "").strip():
        stars = rating.removesuffix(".0")
        if stars not in map(str, range(1, MOST_STARS + 1)):
            raise ValueError(f"`rating` is `{rating}`, and goes from 1 to {MOST_STARS}")
        values["rating"] = int(stars)
    if issues := list(_issues(line.get("issues"))):
        values["issues"] = issues
    values |= {name: line[name] for name in ("text", "comment") if isinstance(line.get(name), str) and line[name]}
    if values.get("decision") == "edit" and not str(values.get("text", "")).strip():
        raise ValueError("`decision` is `edit`, and `text` is empty\n`text` is the last answer as it should be")
    return Answer(row_id, mark, who, "submitted", values, at, at, origin)


def _issues(given: Any) -> Iterator[str]:
    if isinstance(given, str) and given.strip().startswith("["):
        given = json.loads(given)  # a ValueError is told like any other
    for one in given if isinstance(given, list) else re.split(r"[,;|\n]", str(given or "")):
        if issue := str(one).strip().lower().replace(" ", "_"):
            if issue not in ISSUES:
                raise ValueError(f"`issues` names `{issue}`\n{nearest(issue, ISSUES)}")
            yield issue
