"""What an Argilla dataset looks like: its fields, questions, and the guidelines that reviewers read first."""

from typing import Any

from smoltalk.pipeline.model import Makes
from smoltalk.review.records import ISSUES, MOST_STARS

EVIDENCE = "evidence"
CHAT, PROMPT, A, B = "conversation", "prompt", "answer_a", "answer_b"

_DECISIONS = {"keep": "Keep", "edit": "Keep with my edit", "drop": "Drop"}
_WINNERS = {"a": "A is better", "b": "B is better", "tie": "Equally good", "both_bad": "Both bad"}

_SFT_GUIDELINES = """\
You decide which conversations a model learns from.

- **Keep** one that you would be glad to see a model imitate: the answer is right, complete, and what was asked for.
- **Keep with my edit** one whose last answer a small change makes right: write the answer as it should be.
- **Drop** what no small change makes right, and what nobody should imitate.

Texts are shown exactly as they are: tags and signs in them are part of the text. \
Judge what is there, not how much of it there is.

When you cannot tell, discard the record: a guess counts like knowledge.
"""
# The page breaks lines where the text does: a paragraph is one line.
_DPO_GUIDELINES = """\
You decide which of two answers a model learns to prefer.

Choose the answer that serves the person who asked better: right before pretty, complete before long. \
The order of the two is random and tells nothing.

**Equally good** and **Both bad** are answers too: such pairs teach nothing and are left out.

When you cannot tell, discard the record.
"""


def settings(makes: Makes, reviewers: int, blind: bool) -> dict[str, Any]:
    """Fields, questions and metadata of a dataset; `reviewers` people are to answer each record.

    Names and limits are those of argilla-server 2.8.0's API. Nothing is rendered as Markdown: that hides tags.
    """
    evidence = [] if blind else [_text_field(EVIDENCE, "What scores and gates say", required=False)]
    if makes == "dpo":
        answers = [_text_field(A, "Answer A", required=True), _text_field(B, "Answer B", required=True)]
        fields = [_chat_field(PROMPT, "Asked"), *answers, *evidence]
        questions = [
            _labels("winner", "Which answer is better?", _WINNERS),
            _many("issues", "What is wrong with the better one?"),
            _text("comment", "Anything else?"),
        ]
    else:
        fields = [_chat_field(CHAT, "Conversation"), *evidence]
        questions = [
            _labels("decision", "Should a model learn from it?", _DECISIONS),
            _stars("rating", "How good is it?"),
            _many("issues", "What is wrong?"),
            _text("text", "With “Keep with my edit”: the last answer as it should be"),
            _text("comment", "Anything else?"),
        ]
    return {
        "guidelines": _DPO_GUIDELINES if makes == "dpo" else _SFT_GUIDELINES,
        "reviewers": reviewers,
        "fields": fields,
        "questions": questions,
        "metadata-properties": [
            {"name": "category", "title": "Category", "settings": {"type": "terms"}, "visible_for_annotators": True}
        ],
    }


def _chat_field(name: str, title: str) -> dict[str, Any]:
    return {"name": name, "title": title, "required": True, "settings": {"type": "chat", "use_markdown": False}}


def _text_field(name: str, title: str, required: bool) -> dict[str, Any]:
    return {"name": name, "title": title, "required": required, "settings": {"type": "text", "use_markdown": False}}


def _question(name: str, title: str, required: bool, kind: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "title": title, "required": required, "settings": kind}


def _labels(name: str, title: str, labels: dict[str, str]) -> dict[str, Any]:
    options = [{"value": value, "text": text} for value, text in labels.items()]
    return _question(name, title, True, {"type": "label_selection", "options": options})


def _many(name: str, title: str) -> dict[str, Any]:
    options = [{"value": issue, "text": issue.replace("_", " ")} for issue in ISSUES]
    return _question(name, title, False, {"type": "multi_label_selection", "options": options})


def _stars(name: str, title: str) -> dict[str, Any]:
    options = [{"value": value} for value in range(1, MOST_STARS + 1)]
    return _question(name, title, False, {"type": "rating", "options": options})


def _text(name: str, title: str) -> dict[str, Any]:
    return _question(name, title, False, {"type": "text", "use_markdown": False})
