"""Failures that a test asks the pretended Hub for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Way = Literal["answer", "cut_request", "cut_answer", "lost"]


@dataclass
class Failing:
    """The next `times` requests that match fail, in one of four ways.

    `answer`: a status, at once. `cut_request`: the connection is closed in the middle of what is sent. `cut_answer`:
    half of the answer comes. `lost`: what was asked is done, and nobody is told.
    """

    method: str
    path: str
    """A regular expression that the path must hold."""
    times: int = 1
    way: Way = "answer"
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)

    def meets(self, method: str, path: str) -> bool:
        """Whether this request is one of them; counts it."""
        if self.times and method in self.method.split() and re.search(self.path, path):
            self.times -= 1
            return True
        return False
