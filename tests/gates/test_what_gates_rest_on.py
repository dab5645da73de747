"""A gate that compares with files is another gate when the files change."""

import json
import os
from pathlib import Path

import pytest

from smoltalk.contracts import Gate
from smoltalk.gates.decontaminate import Decontaminate
from smoltalk.gates.exact_duplicate import ExactDuplicate
from smoltalk.gates.near_duplicate import NearDuplicate
from smoltalk.gates.semantic_duplicate import SemanticDuplicate
from smoltalk.pipeline import load
from smoltalk.run.fingerprints import changed, fingerprints


@pytest.mark.parametrize(
    "gate",
    [
        lambda path: Decontaminate(against=("gsm8k", path)),
        lambda path: ExactDuplicate(on="text", against=(path,)),
        lambda path: NearDuplicate(on="text", against=(path,)),
        lambda path: SemanticDuplicate(against=(path,)),
    ],
)
def test_a_line_that_is_added_makes_it_another_gate(tmp_path: Path, gate: "type[Gate]") -> None:
    file = tmp_path / "own.jsonl"
    file.write_text(json.dumps({"question": "How many lamps hang over the bridge in winter?"}) + "\n")
    before = gate(str(file)).identity()  # type: ignore[call-arg]
    assert gate(str(file)).identity() == before  # type: ignore[call-arg]
    with file.open("a") as stream:
        stream.write(json.dumps({"question": "Who lit the lamp at the end of the pier?"}) + "\n")
    assert gate(str(file)).identity() != before  # type: ignore[call-arg]


def test_a_run_is_told_that_its_gates_changed(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"instruction": "Hi", "response": "Ho"}\n')
    own = tmp_path / "own.jsonl"
    own.write_text('{"question": "How many lamps hang over the bridge in winter?"}\n')
    pipeline = tmp_path / "one.yaml"
    pipeline.write_text(
        f"name: one\nsteps: [{{jsonl: {{path: {tmp_path}/rows.jsonl, columns: [instruction, response]}}}}]\n"
        f"gates: [{{decontaminate: {{against: [{own}], of: instruction}}}}]\n"
    )
    before = fingerprints(load(pipeline))
    own.write_text(own.read_text() + '{"question": "Who lit the lamp at the end of the pier?"}\n')
    assert changed(before, fingerprints(load(pipeline))) == ["gates"]


def test_a_file_that_is_gone_is_said_elsewhere(tmp_path: Path) -> None:
    gate = NearDuplicate(on="text", against=(os.fspath(tmp_path / "gone.jsonl"),))
    assert "given" not in gate.identity()
