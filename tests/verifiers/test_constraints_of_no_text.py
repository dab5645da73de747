"""`verify_constraints` without a text: a sentence."""

from typing import Any

import pytest

from smoltalk.errors import UserError
from smoltalk.verifiers import verify_constraints


@pytest.mark.parametrize(("text", "kind"), [(None, "NoneType"), (7, "int"), (b"a", "bytes")])
def test_what_is_no_text_is_told(text: Any, kind: str) -> None:
    with pytest.raises(UserError, match=f"must be a text, not {kind}"):
        verify_constraints(text, [{"id": "punctuation:no_comma", "kwargs": {}}])
