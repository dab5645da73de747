"""Small programs that clean a document: what a model may say, and what becomes of the text.

After ProX (Zhou et al. 2024, arXiv 2409.17115): a model that writes where to cut costs a fraction of one that writes
the whole text anew, and can add nothing that it does not name. A program is one call a line:

| call | what it does |
|---|---|
| `keep_document()` | nothing is to be done; stands alone |
| `drop_document()` | the document is not worth keeping; stands alone |
| `remove_lines(3, 7)` | lines 3 to 7 go, both included; `remove_lines(3)` is one |
| `remove_text(4, "...")` | every place of a text in line 4 goes |
| `replace_text(4, "...", "...")` | every place of a text in line 4 becomes another, a short one |

Programs are hostile input: they are read by a grammar of their own, never run as Python.
"""

from smoltalk.cleaning.apply import Cleaned, apply
from smoltalk.cleaning.program import Call, Program, ProgramError, parse

__all__ = ["Call", "Cleaned", "Program", "ProgramError", "apply", "parse"]
