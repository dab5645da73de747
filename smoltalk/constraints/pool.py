"""Words, phrases and labels that kwargs are drawn from."""

from random import Random


def _listed(text: str) -> list[str]:
    return text.split()


KEYWORDS = _listed(
    "balance branch breath bridge canvas careful change choice circle clear climate coffee colour compare compass "
    "corner courage culture curious daily detail distance early effort energy evening example family field flavour "
    "focus forest future garden gentle goal habit harbour history honest horizon idea journey kitchen lantern "
    "learning letter light local market measure memory method mirror moment morning mountain music nature notice "
    "ocean option orbit paper patience pattern people planet practice problem purpose quality question quiet rain "
    "reason rhythm river season shadow signal silence simple skill spirit spring station stone story structure "
    "summer support surface system theory thread tool tradition travel value village voice water weather window "
    "winter wonder"
)
"""Ordinary words that fit into an answer on nearly anything."""

AVOIDABLE = _listed(
    "actually amazing basically best crucial definitely delve easy essential exciting extremely great important "
    "incredible just key literally moreover obviously overall perfect quickly really should significant simply "
    "thing truly ultimately unique very"
)
"""Words that answers are full of and that can be done without."""

RARE_LETTERS = "jkqvwxz"
"""Letters that English text can do without."""

ENDINGS = (
    "Does that help?",
    "Ask me if anything is unclear.",
    "That is all for now.",
    "Thank you for reading.",
    "Let me know how it goes.",
    "Good luck with it.",
    "And that is the whole story.",
)
OPENINGS = (
    "Good question",
    "Here is my answer",
    "In short",
    "Let us begin",
    "To begin with",
    "Glad to help",
    "Picture this",
)
LABELS = ("Summary", "Takeaway", "Next step", "Verdict", "In a sentence", "Bottom line")
"""What a last line may be labelled with."""
OUTLINES = (
    ("Pros", "Cons"),
    ("Problem", "Solution"),
    ("Claim", "Evidence", "Conclusion"),
    ("Before", "After"),
    ("Goal", "Plan", "Risk"),
    ("What", "Why", "How"),
    ("Background", "Answer", "Example"),
)
"""Labels of lines that belong together."""
JSON_KEYS = (
    ("answer", "reason"),
    ("title", "body"),
    ("summary", "details", "confidence"),
    ("question", "answer"),
    ("topic", "points"),
    ("answer", "assumptions", "sources"),
)
CODE_LANGUAGES = ("python", "javascript", "java", "c", "cpp", "go", "rust", "sql", "bash", "json", "yaml", "html")
TAGS = ("answer", "reply", "result", "response", "output", "note")


def words(rng: Random, most: int, pool: list[str] = KEYWORDS, least: int = 1) -> list[str]:
    """Between `least` and `most` different words of a pool."""
    return rng.sample(pool, rng.randint(least, most))
