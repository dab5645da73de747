"""The text of an answer and of its tests as compiled programs; with what calls the tests that are only defined."""

import ast
from typing import Any

ANSWER, TESTS, VALUE = "<answer>", "<tests>", "<value>"
"""File names of the parts, in tracebacks."""


def programs(job: dict[str, Any]) -> tuple[list[tuple[str, Any]], str]:
    """The compiled parts in order, and how many checks the tests hold. Raises whatever `compile` raises."""
    answer = ast.parse(job["code"], ANSWER)
    if job["hollow"]:
        _hollow(answer)
    parts = [(ANSWER, compile(answer, ANSWER, "exec"))]
    checks = 0
    if job["tests"]:
        tree = ast.parse(job["tests"], TESTS)
        checks = _call_tests(tree)
        parts.append((TESTS, compile(tree, TESTS, "exec")))
    if job["value"]:
        parts.append((VALUE, compile(job["value"].strip(), VALUE, "eval")))
    return parts, str(checks)


def _hollow(tree: ast.Module) -> None:
    """Let every function return nothing, but keep what makes an object of a class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "__init__":
            node.body = [ast.copy_location(ast.Return(None), node)]


def _call_tests(tree: ast.Module) -> int:
    """Add calls of the test functions and cases that the tests define, as pytest would; count assertions."""
    checks = sum(isinstance(node, ast.Assert | ast.Raise) for node in ast.walk(tree))
    checks += sum(
        isinstance(node, ast.Attribute) and node.attr.lower().startswith(("assert", "raises"))
        for node in ast.walk(tree)
    )
    tree.body = [line for line in tree.body if not _runs_unittest(line)]
    last = max((line.end_lineno or 0 for line in tree.body), default=0)
    added: list[ast.stmt] = []
    for line in tree.body:
        if isinstance(line, ast.FunctionDef) and line.name.startswith("test") and not _arguments(line.args):
            added += ast.parse(f"{line.name}()", TESTS).body
        elif isinstance(line, ast.AsyncFunctionDef) and line.name.startswith("test") and not _arguments(line.args):
            added += ast.parse(f"__import__('asyncio').run({line.name}())", TESTS).body
        elif isinstance(line, ast.ClassDef) and any("TestCase" in ast.unparse(base) for base in line.bases):
            added += ast.parse(_RUN_CASE.format(line.name), TESTS).body
    tree.body += [ast.increment_lineno(line, last) for line in added]  # past the end: no place in the user's text
    return checks


_RUN_CASE = "__import__('unittest').defaultTestLoader.loadTestsFromTestCase({}).debug()"
"""`debug` lets a failure pass as the exception it is: no result object stands between it and the verdict."""


def _arguments(arguments: ast.arguments) -> bool:
    """Whether it cannot be called without any."""
    needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return needed > 0 or any(default is None for default in arguments.kw_defaults)


def _runs_unittest(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and ast.unparse(line).startswith("unittest.main(")


def compile_error(error: BaseException) -> str:
    """Syntax errors say where; a program too large for the compiler says so."""
    if isinstance(error, SyntaxError):
        where = f" (line {error.lineno} of the {(error.filename or ANSWER)[1:-1]})" if error.lineno else ""
        return f"{type(error).__name__}: {error.msg}{where}"
    return f"{type(error).__name__}: {error}"[:300]
