"""A retold document must have the form that was asked for."""

import re

from smoltalk.contracts import Outcome, Verifier
from smoltalk.forms import FORMS, fault
from smoltalk.rows import Row

_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?")


class DocumentForm(Verifier):
    """Fails a text that does not have its form: `table`, `problem`, `faq`, `qa`, `tutorial`, `wiki` or `facts`.

    `smoltalk/forms/` says what each form is. A maths problem must also calculate with a number of its source. A form
    there is not is `unknown`.
    """

    of: str = "response"
    form: str = "style"
    """The column that names the form."""
    source: str = "text"
    """The document that was retold."""

    def reads(self) -> frozenset[str]:
        return frozenset({self.of, self.form, self.source})

    def verify(self, row: Row) -> Outcome:
        text, form, source = row.get(self.of), row.get(self.form), row.get(self.source)
        if not isinstance(text, str) or not text.strip():
            return Outcome(verdict="unknown", reason="nothing to look at")
        if not isinstance(form, str) or form not in FORMS:
            return Outcome(verdict="unknown", reason=f"no form is known as {str(form)[:40]!r}")
        if found := fault(form, text):
            return Outcome(verdict="fail", reason=f"not a {form}: {found}")
        if form == "problem" and isinstance(source, str) and not _numbers(text) & _numbers(source):
            return Outcome(verdict="fail", reason="the problem has no number of the document")
        return Outcome(verdict="pass", reason=f"a {form}")


def _numbers(text: str) -> set[str]:
    return {number.replace(",", "") for number in _NUMBER.findall(text)}
