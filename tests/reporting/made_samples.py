"""Rows made by hand, as a page shows them: what they say is hostile."""

from smoltalk.reporting.findings import (
    Sample,
    Turn,
)

HOSTILE = (
    "</script><script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 1'>",
    "<svg onload=window.ran=1><!-- --> ]]> <style>*{display:none}</style>",
    "javascript:window.ran=1 \" ' ` &lt;b&gt; &amp;",
    "control \x00\x01\x1b[31m\x7f and \u202eright to left\u202c \u2028\u2029 end",
    "{{ 7 * 7 }} {% raw %} {# gone #} ${7*7} #{7*7}",
    "<!--<script>",
    "\ud800 alone",
)
"""What a row may say; none of it may do anything."""


def samples() -> list[Sample]:
    """60 accepted rows' samples: the first ones hostile."""
    said = [*HOSTILE, *(f"Question {i} about the number {i * i}?" for i in range(len(HOSTILE), 50))]
    return [
        Sample(
            f"{i:016x}",
            "web" if i % 3 else "books",
            "train",
            "accepted",
            [Turn("system", "Be kind."), Turn("user", text), Turn("assistant", f"Answer {i}: {text}", cut=i % 2 * 10)],
            0,
            [("category", ["math", "code", "<b>chat</b>"][i % 3]), ("quality", "good")],
            12 + i,
        )
        for i, text in enumerate(said)
    ]


def turned_away() -> list[Sample]:
    """Rejected and failed rows."""
    return [
        Sample(
            f"f{i:015x}",
            "web",
            "",
            "failed" if i % 5 == 0 else "rejected",
            [Turn("user", f"Refused {i}")],
            3,
            [("category", "math")],
            2,
            "near_duplicate" if i % 5 else "answer",
            f"too_alike_{i % 5}",
            [("similarity", "0.93"), ("nearest", HOSTILE[i % len(HOSTILE)])],
        )
        for i in range(10)
    ]
