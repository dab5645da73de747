"""Constraints on an answer that code can check: IFEval's 25 under their own ids and kwargs, and more of ours.

`verify_constraints(text, [{"id": "punctuation:no_comma", "kwargs": {}}])` judges a text; `constraints()` has each by
its id, `draw` samples some that fit together, `stated` words the request for them. A family is one file; each
constraint is one class whose fields are its kwargs.
"""

from smoltalk.constraints.conflicts import clash, conflicts, fitting
from smoltalk.constraints.constraint import Constraint
from smoltalk.constraints.listed import IFEVAL, constraint, constraints, read
from smoltalk.constraints.sampling import draw, stated
from smoltalk.constraints.verifying import Checked, verify_constraints

__all__ = [
    "IFEVAL",
    "Checked",
    "Constraint",
    "clash",
    "conflicts",
    "constraint",
    "constraints",
    "draw",
    "fitting",
    "read",
    "stated",
    "verify_constraints",
]
