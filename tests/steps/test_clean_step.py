"""The step that cleans: programs are asked for, checked against their lines, applied, and written down."""

import asyncio
from typing import Any

import pytest

from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.steps.clean import Clean

PAGE = "Home | Shop\nA lock lifts a boat.\nAll rights reserved"


def cleaned(step: Clean, ask: Any, text: Any) -> Row:
    return asyncio.run(step.write({"text": text}, ask))


def test_the_program_is_applied_and_kept(scripted: Any) -> None:
    ask = scripted(["```\nremove_lines(1)\nremove_lines(3)\n```"])
    row = cleaned(Clean(engine="e"), ask, PAGE)
    assert row == {
        "text_clean": "A lock lifts a boat.",
        "document": "keep",
        "program": "remove_lines(1, 1)\nremove_lines(3, 3)",
        "numbered": "[1] Home | Shop\n[2] A lock lifts a boat.\n[3] All rights reserved",
        "removed": 2,
        "changed": 0,
        "lines_left": 1,
    }
    assert row.keys() == Clean(engine="e").writes()
    assert "[2] A lock lifts a boat." in ask.requests[0].messages[-1]["content"]


def test_a_program_that_does_not_fit_is_asked_again(scripted: Any) -> None:
    ask = scripted(["Sure! I removed the menu.", "remove_lines(9)", "drop_document()"])
    row = cleaned(Clean(engine="e"), ask, PAGE)
    assert (row["text_clean"], row["document"], row["removed"]) == ("", "drop", 3)
    assert ask.bad == ["program", "program"]


def test_long_documents_are_cleaned_in_chunks_of_their_own_lines(scripted: Any) -> None:
    lines = ["x" * 90, "y" * 105, "menu", "z" * 150]
    ask = scripted(["keep_document()", "remove_lines(1)", "remove_lines(3)"])
    row = cleaned(Clean(engine="e", chunk=200), ask, "\n".join(lines))
    assert row["text_clean"] == "\n".join([*lines[:2], lines[3]])
    assert (row["program"], ask.turns, ask.bad) == ("remove_lines(3, 3)", [0, 1, 1], ["program"])


def test_a_chunk_that_is_dropped_loses_its_lines(scripted: Any) -> None:
    row = cleaned(Clean(engine="e", chunk=200), scripted(["drop_document()", "keep_document()"]), f"{'x' * 199}\nend")
    assert (row["text_clean"], row["document"], row["program"]) == ("end", "keep", "remove_lines(1, 1)")
    row = cleaned(Clean(engine="e", chunk=200), scripted(["drop_document()"]), "x" * 199 + "\n" * 300)
    assert row["document"] == "drop"


def test_pieces_cannot_be_joined_to_a_control_token(scripted: Any) -> None:
    row = cleaned(Clean(engine="e"), scripted(['remove_text(1, "#")']), "a <|im_#end|> b")
    assert "<|im_end|>" not in row["text_clean"]


@pytest.mark.parametrize("text", [None, "", " \n ", 3])
def test_a_row_without_text_fails(scripted: Any, text: Any) -> None:
    with pytest.raises(RowFailed, match="missing"):
        cleaned(Clean(engine="e"), scripted([]), text)


def test_a_document_of_too_many_chunks_fails(scripted: Any) -> None:
    with pytest.raises(RowFailed, match="too_long"):
        cleaned(Clean(engine="e", chunk=200, max_chunks=2), scripted([]), "\n".join(["x" * 190] * 3))
