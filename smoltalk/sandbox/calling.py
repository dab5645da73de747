"""Calls the tests that a text defines: functions, plain classes and unittest cases, as pytest would."""

import asyncio
import types
import unittest
from collections.abc import Callable, Iterable
from typing import Any


def caller(names: Iterable[str]) -> Callable[[dict[str, Any]], None]:
    """A function that calls what these names of a namespace hold, each to its end; the first failure comes through.

    Whatever it needs it holds itself: a program that runs before or inside it finds no name to change. The tests are
    chosen before the first is called.
    """
    wanted, case, function, made = tuple(names), unittest.TestCase, types.FunctionType, type
    of_case, is_a, below, has, get, listed = unittest.TestLoader().getTestCaseNames, isinstance, issubclass, hasattr, getattr, dir  # fmt: skip  # noqa: E501
    run, truth, every, failure = asyncio.run, bool, BaseException, AssertionError

    def call_case(cls: Any) -> None:
        tests = tuple(cls(name) for name in of_case(cls))
        tests = tuple(test for test in tests if not skipped(cls) and not skipped(get(cls, test._testMethodName)))
        if not tests:
            return
        cls.setUpClass()
        for test in tests:
            if truth(get(get(cls, test._testMethodName), "__unittest_expecting_failure__", False)):
                expect_failure(test)
            else:
                test.debug()  # lets a failure pass as the exception it is: no result object stands in between
        cls.tearDownClass()
        cls.doClassCleanups()

    def expect_failure(test: Any) -> None:
        try:
            test.debug()
        except every:
            return
        raise failure("a test that is expected to fail passed")

    def skipped(one: Any) -> bool:
        return truth(get(one, "__unittest_skip__", False))

    def call_class(cls: Any) -> None:
        around(cls, "setup_class", None)
        for name in tuple(name for name in listed(cls) if name.startswith("test")):
            one = cls()
            around(one, "setup_method", name)
            finish(get(one, name)())
            around(one, "teardown_method", name)
        around(cls, "teardown_class", None)

    def around(one: Any, name: str, method: str | None) -> None:
        found = get(one, name, None)
        if found is not None:
            code = get(get(found, "__func__", found), "__code__", None)
            found(get(one, method)) if method and code and code.co_argcount > 1 else found()

    def finish(returned: Any) -> None:
        if has(returned, "__await__"):
            run(returned)

    def call_all(namespace: dict[str, Any]) -> None:
        chosen = tuple((name, namespace[name]) for name in wanted if name in namespace)
        if "setUpModule" in namespace:
            namespace["setUpModule"]()
        for name, one in chosen:
            if is_a(one, made):
                if below(one, case):
                    if not skipped(one):
                        call_case(one)
                elif name.startswith("Test"):
                    call_class(one)
            elif name.startswith("test") and (is_a(one, function) or has(one, "__call__")):
                finish(one())

    return call_all
