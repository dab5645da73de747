"""A sandbox for strangers' chat templates: they reach nothing, and what they may take of time and memory is counted.

jinja2's own sandbox stops attribute access but no endless loop and no text of gigabytes; both would block the run's
event loop, where not even Ctrl-C is heard.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sized
from functools import wraps
from typing import Any, NoReturn

from jinja2 import TemplateError, nodes, pass_context
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MOST_STEPS = 300_000
"""Turns of loops and calls in one rendering."""
MOST_TEXT = 2**28
"""Characters made on the way to one prompt."""
MOST_BITS = 2**12
"""Of an integer."""
_WIDE = re.compile(r"\d{7}|%[^a-zA-Z%]*\*")
"""In a format: a width that is one more way to a gigabyte, or one that is given elsewhere."""


class Bounded(ImmutableSandboxedEnvironment):
    """jinja2 that gives up with `TemplateError` where a rendering takes more than any real template does."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def __init__(self, **options: Any) -> None:
        super().__init__(finalize=self._made, optimized=False, **options)
        self.steps = self.text = 0
        self.literal = 0
        """Length of the template, the most that a macro writes by itself."""
        self.globals.pop("lipsum")
        self.filters = {name: self._guarded(use) for name, use in self.filters.items()}
        self.filters |= {"_each": self._each, "_made": self._made}

    def fresh(self) -> None:
        """Count from nothing: the next rendering begins."""
        self.steps = self.text = 0

    def _generate(self, source: nodes.Template, *more: Any, **options: Any) -> str:
        """The program of a template, its loops counted and the texts it joins measured."""
        return super()._generate(_Counted().visit(source), *more, **options)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as jinja2 has it
        given = (*args, *kwargs.values())
        __self._step(1 + sum(len(one) for one in given if isinstance(one, list | tuple | range | dict)))
        if isinstance(__obj, Macro):
            __self._measure(__self.literal)
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, str):
            __self._check_text(__obj.__name__, (owner, *given))
        return __self._made(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        match operator, left, right:
            case ("*", int(), int()) if left.bit_length() + right.bit_length() > MOST_BITS:
                _too_much(f"a number of more than {MOST_BITS:,} bits")
            case ("*", int(), Sized()) | ("*", Sized(), int()):
                times, what = (left, right) if isinstance(left, int) else (right, left)
                self._measure(max(times, 0) * len(what))
            case ("**", int(), int()) if left.bit_length() * max(right, 0) > MOST_BITS:
                _too_much(f"a number of more than {MOST_BITS:,} bits")
            case ("%", str(), _) if _WIDE.search(left):
                _too_much("a format of that width")
        return self._made(super().call_binop(context, operator, left, right))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None

        def formatted(*args: Any, **kwargs: Any) -> str:
            self._check_text("format", (value.__self__, *args, *kwargs.values()))
            return wrapped(*args, **kwargs)

        return formatted

    def _guarded(self, use: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(use)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            given = (*args, *kwargs.values())
            self._check_text(use.__name__.removeprefix("do_"), given)
            return self._made(use(*args, **kwargs))

        return guarded

    def _check_text(self, name: str, given: tuple[Any, ...]) -> None:
        """Before a text's method or a filter is called: what it would make, where that is more than it is given."""
        texts = [one for one in given if isinstance(one, str)]
        self._measure(max((one for one in given if isinstance(one, int)), default=0))
        if name == "format" and any(map(_WIDE.search, texts)):
            _too_much("a format of that width")
        if name == "replace" and len(texts) > 2:
            self._measure((texts[0].count(texts[1]) if texts[1] else len(texts[0])) * len(texts[2]))
        if name == "join":
            parts = max((len(one) for one in given if isinstance(one, Sized) and not isinstance(one, str)), default=0)
            self._measure(parts * max(map(len, texts), default=0))

    @pass_context  # so that it is not done once and for all where the list is in the template
    def _each(self, context: Context, many: Any, literal: int) -> Any:
        """What a loop goes over; `literal` is the length of the text in it."""
        if isinstance(many, Sized):
            self._step(len(many))
            self._measure(len(many) * literal)
            return many
        return self._each_of(many, literal)

    def _each_of(self, many: Iterable[Any], literal: int) -> Iterator[Any]:
        for one in many:
            self._step(1)
            self._measure(literal)
            yield one

    def _made(self, value: Any) -> Any:
        if isinstance(value, str):
            self._measure(len(value))
        return value

    def _step(self, count: int) -> None:
        self.steps += count
        if self.steps > MOST_STEPS:
            _too_much(f"more than {MOST_STEPS:,} steps")

    def _measure(self, size: int) -> None:
        self.text += size
        if self.text > MOST_TEXT:
            _too_much(f"more than {MOST_TEXT:,} characters")


class _Counted(NodeTransformer):
    """Sends what loops go over, and what `~` joins, through the filters that count."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - jinja2 finds it by this name
        literal = sum(len(data.data) for data in node.find_all(nodes.TemplateData))
        self.generic_visit(node)
        node.iter = _filtered(node.iter, "_each", nodes.Const(literal))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        return _filtered(self.generic_visit(node), "_made")


def _filtered(node: nodes.Node, name: str, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(args), [], None, None, lineno=node.lineno, environment=node.environment)


def _too_much(what: str) -> NoReturn:
    raise TemplateError(f"it takes {what} to render, which no conversation needs")
