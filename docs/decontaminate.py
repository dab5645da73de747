"""A small dataset with planted benchmark items, and what `smoltalk decontaminate` and `smoltalk dedup` say of it.

`python docs/decontaminate.py mixed.jsonl` writes the dataset to try the commands on. Without a file, as `make docs`
calls it, both commands are run on it in a scratch folder, and what they print is kept for README.md, with one row's
evidence for docs/decontamination.md.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "docs" / "decontaminate.json"
AGAINST = "gsm8k,mmlu,ifeval,mbpp,mt_bench,svamp,truthfulqa,olympiadbench"
COMMANDS = (
    "python docs/decontaminate.py mixed.jsonl",
    f"smoltalk decontaminate mixed.jsonl --against {AGAINST} --out checked",
    "smoltalk dedup checked/clean --by near --out unique",
)
BREAK = "\\\n   "
"""Where a command goes on in a second line."""
SHOWN = "gsm8k"
"""The benchmark whose row is shown with its evidence."""

Turns = list[tuple[str, str]]


def wide(text: str) -> str:
    """In the full-width letters of East Asian fonts."""
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def lookalike(text: str) -> str:
    """With Cyrillic letters that look Latin, and a space of no width in each word."""
    return text.translate(str.maketrans("aeop", "аеор")).replace("i", "i\u200b")


def split(text: str) -> Turns:
    """Over two turns of the user."""
    words = text.split()
    half = len(words) // 2
    return [
        ("user", " ".join(words[:half])),
        ("assistant", "Yes? Please go on."),
        ("user", " ".join(words[half:])),
    ]


DISGUISES: dict[str, Callable[[str], Turns]] = {
    "gsm8k": lambda text: [("user", f"A question from my homework, please help!\n\n> {text.upper()}\n\nI am stuck.")],
    "mmlu": lambda text: [("user", re.sub(r"\s+", "   ", text))],
    "ifeval": lambda text: [("user", wide(text))],
    "mbpp": lambda text: [("user", "Set me an exercise."), ("assistant", f"Here is one: {text} Good luck!")],
    "mt_bench": lambda text: [("user", lookalike(text))],
    "svamp": split,
    "truthfulqa": lambda text: [("system", f"You are asked: {text}"), ("user", "Well?")],
    "olympiadbench": lambda text: [("user", text.replace("multiple", "mutliple").replace("smallest", "least"))],
}
"""How the `example` of each benchmark's spec is hidden in a row."""


def rows() -> list[dict[str, Any]]:
    """The sample prompts, five of them once more in other case and marks, and an item of each benchmark in disguise."""
    from smoltalk.benchmarks import spec

    lines = (ROOT / "pipelines" / "samples" / "prompts.jsonl").read_text(encoding="utf-8").splitlines()
    prompts = [str(json.loads(line)["instruction"]) for line in lines]
    again = [f" {prompt.lower().rstrip('.?')} !" for prompt in prompts[7:32:6]]
    planted = [hide(spec(name).example or "") for name, hide in DISGUISES.items()]
    turns: list[Turns] = [[("user", prompt)] for prompt in prompts]
    turns[20:20] = planted
    turns += [[("user", prompt)] for prompt in again]
    return [
        {"id": f"row-{number}", "messages": [{"role": role, "content": text} for role, text in one]}
        for number, one in enumerate(turns)
    ]


def write(path: Path) -> None:
    """The rows as JSON Lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows()), encoding="utf-8")


def result() -> dict[str, Any]:
    """The transcript of the commands, run as they stand, and one contaminated row as it is written."""
    from pyarrow import parquet

    said = []
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        for command in COMMANDS:
            program, *arguments = command.split()
            if program == "python":
                write(here / arguments[-1])
                said.append(f"$ {command}")
                continue
            done = subprocess.run(
                [sys.executable, "-m", program, *arguments], cwd=here, capture_output=True, text=True, check=False,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            said += [f"$ {command.replace(' --against', f' {BREAK} --against')}", done.stdout.strip("\n"), ""]
        found = parquet.read_table(here / "checked" / "contaminated").to_pylist()
    evidence = next(row for row in found if SHOWN in json.dumps(row, default=str))
    return {"transcript": "\n".join(said).strip(), "evidence": evidence}


def transcript() -> str:
    """What is kept of the commands."""
    return str(json.loads(KEPT.read_text(encoding="utf-8"))["transcript"])


def timeless(text: str) -> str:
    """A transcript without how long it took."""
    return re.sub(r" in [\d.]+ m?s\b.*", "", text)


def main(arguments: list[str]) -> None:
    """Write the dataset where it is wanted, or run the commands and keep what they say."""
    if arguments:
        write(Path(arguments[0]))
        return
    KEPT.write_text(json.dumps(result(), indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
    print(f"wrote {KEPT.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
