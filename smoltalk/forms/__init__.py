"""The forms a document can be retold in, and what code can see of each: a table, questions and answers, a tutorial.

FinePhrase (arXiv 2604.13977) retells pages as tables, maths problems, FAQs and tutorials, Nemotron-CC (arXiv
2412.02595) as questions and answers, lists of facts and encyclopaedia articles. Many replies of a model only look like
their form, so each form here has one exact shape, the one that the templates `rephrase_*` ask for:

| form | its shape |
|---|---|
| `table` | one markdown table: a header, its rule, two rows at least, as many cells in each |
| `problem` | `Problem:`, `Solution:` with calculations that are right, `Answer:` with the last one's result |
| `faq` | `### Question?` headings, each with an answer below, three to eight, none twice |
| `qa` | `Question: ...?` and `Answer: ...` in turn, three to eight, not all of one kind |
| `tutorial` | `# Title`, an opening, steps numbered from 1 on, three at least |
| `wiki` | `# Title`, a lead that names it, `## Section`s with text, nobody addressed |
| `facts` | a list of whole sentences, five to twenty, none twice |

`fault` says what is wrong with a text of a form, the empty text where nothing is.
"""

from collections.abc import Callable
from types import MappingProxyType

from smoltalk.forms import articles, lists, problems, questions, tables

LONGEST = 50_000
"""Characters of a text that is looked at; a longer one has no form."""

FORMS = MappingProxyType[str, Callable[[str], str]](
    {
        "table": tables.fault,
        "problem": problems.fault,
        "faq": questions.faq_fault,
        "qa": questions.qa_fault,
        "tutorial": lists.tutorial_fault,
        "facts": lists.facts_fault,
        "wiki": articles.fault,
    }
)
"""For each form what is wrong with a text, as a clause; empty for a text that has the form."""


def fault(form: str, text: str) -> str:
    """Why the text does not have the form, a clause; "" where it has. Raises `KeyError` for a form there is not."""
    look = FORMS[form]
    if len(text) > LONGEST:
        return f"it has more than {LONGEST:,} characters"
    return look(text.strip()) if text.strip() else "it is empty"
