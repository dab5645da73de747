"""The text of an answer and of its tests as compiled programs; with what is to be known of the tests."""

import ast
import builtins
from typing import Any, NamedTuple

ANSWER, TESTS, VALUE = "<answer>", "<tests>", "<value>"
"""File names of the parts, in tracebacks."""
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_GUARDS = ("__name__ == '__main__'", "'__main__' == __name__")


class Programs(NamedTuple):
    """The parts of a job, compiled, and what was seen in the text of its tests."""

    parts: dict[str, Any]
    checks: int = 0
    """Assertions and their like."""
    tests: tuple[str, ...] = ()
    """Names of functions and classes at the level of the module, in order: those that are tests are called."""
    uncalled: str = ""
    """Why a test cannot be called; empty where all can."""
    imports: tuple[str, ...] = ()
    """Modules that the tests import."""
    shadowed: tuple[str, ...] = ()
    """Names of builtins that the answer must not give another meaning in its tests."""


def programs(job: dict[str, Any]) -> Programs:
    """The compiled parts of a job. Raises whatever `compile` raises."""
    answer = ast.parse(job["code"], ANSWER)
    if job["hollow"] and not _hollow(answer):
        answer.body = []  # constants and classes without methods: tests of them fail without them
    parts = {ANSWER: compile(answer, ANSWER, "exec")}
    if job["value"]:
        parts[VALUE] = compile(job["value"].strip(), VALUE, "eval")
    if not job["tests"]:
        return Programs(parts)
    tree = ast.parse(job["tests"], TESTS)
    tree.body = [kept for line in tree.body for kept in _unguarded(line)]
    parts[TESTS] = compile(tree, TESTS, "exec")
    found = _definitions(tree.body)
    names = tuple(
        dict.fromkeys(
            line.name for line in found if isinstance(line, ast.ClassDef) or (_named_test(line) and not _needs(line))
        )
    )
    return Programs(parts, _checks(tree), names, _uncalled(found), _imports(tree), _shadowed(tree))


def _hollow(tree: ast.Module) -> int:
    """Let every function return nothing, but keep what makes an object of a class; how many there were."""
    count = 0
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS) and node.name != "__init__":
            node.body = [ast.copy_location(ast.Return(None), node)]
            count += 1
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Lambda):
            node.value.body = ast.copy_location(ast.Constant(None), node.value.body)
            count += 1
    return count


def _checks(tree: ast.Module) -> int:
    count = sum(isinstance(node, ast.Assert | ast.Raise) for node in ast.walk(tree))
    return count + sum(
        isinstance(node, ast.Attribute) and node.attr.lower().startswith(("assert", "raises"))
        for node in ast.walk(tree)
    )


def _unguarded(line: ast.stmt) -> list[ast.stmt]:
    """What stands under `if __name__ == "__main__":` without that, and without what starts a runner of tests."""
    if _starts_a_runner(line) or (
        isinstance(line, ast.ImportFrom) and line.module == "solution" and line.names[0].name == "*"
    ):
        return []  # the names of the answer are there already
    if isinstance(line, ast.If) and ast.unparse(line.test).replace('"', "'") in _GUARDS:
        return [kept for inner in line.body for kept in _unguarded(inner)]
    return [line]


def _starts_a_runner(line: ast.stmt) -> bool:
    if not isinstance(line, ast.Expr) or not isinstance(line.value, ast.Call):
        return False
    return ast.unparse(line.value.func).startswith(("unittest.main", "pytest.main", "doctest.testmod"))


def _definitions(body: list[ast.stmt]) -> list[Any]:
    """Functions and classes at the level of the module, also under `if`, `try` and `with`."""
    found: list[Any] = []
    for line in body:
        if isinstance(line, _FUNCTIONS | ast.ClassDef):
            found.append(line)
        else:
            found += _definitions([inner for inner in ast.iter_child_nodes(line) if isinstance(inner, ast.stmt)])
    return found


def _named_test(line: Any) -> bool:
    return isinstance(line, _FUNCTIONS) and line.name.startswith("test")


def _needs(line: Any, given: int = 0) -> bool:
    """Whether nobody is there to give the arguments that it needs; a decorator may be."""
    return not line.decorator_list and _needed(line.args) > given


def _uncalled(found: list[Any], inside: str = "") -> str:
    """The first test that cannot be called: it needs arguments, or another of its name takes its place."""
    seen: set[str] = set()
    for line in found:
        if isinstance(line, ast.ClassDef):
            methods = [inner for inner in line.body if isinstance(inner, _FUNCTIONS)]
            plain = not line.bases and line.name.startswith("Test")
            if plain and any(method.name == "__init__" for method in methods):
                return f"`{line.name}` has an `__init__`"
            if (plain or line.bases) and (why := _uncalled(methods, f"{line.name}.")):
                return why
        elif not _named_test(line):
            continue
        elif _needs(line, given=int(bool(inside))):
            return f"`{inside}{line.name}` needs arguments"
        if line.name in seen:
            return f"`{inside}{line.name}` is defined twice"
        seen.add(line.name)
    return ""


def _imports(tree: ast.Module) -> tuple[str, ...]:
    """Modules that the tests import, packages before their parts."""
    whole = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            whole += [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
    parts = {".".join(name.split(".")[:at]) for name in whole for at in range(1, name.count(".") + 2)}
    return tuple(sorted(parts - {"solution", "tests"}))


def _shadowed(tree: ast.Module) -> tuple[str, ...]:
    """Every builtin, where the tests use another name of the answer; else those that the tests do not use.

    `abs` in tests of `add` is the builtin. Where tests use nothing but builtins, the answer's own is what they test.
    """
    every = {name for name in dir(builtins) if not name.startswith("__")} | {"__import__", "__build_class__"}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.ImportFrom | ast.Import) and getattr(node, "module", "") != "solution":
            bound |= {(name.asname or name.name).partition(".")[0] for name in node.names}
    other = used - bound - every
    return tuple(sorted(every if other else every - used))


def _needed(arguments: ast.arguments) -> int:
    """How many arguments it cannot be called without."""
    needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return needed + sum(default is None for default in arguments.kw_defaults)


def compile_error(error: BaseException) -> str:
    """Syntax errors say where; a program too large for the compiler says so."""
    if isinstance(error, SyntaxError):
        where = f" (line {error.lineno} of the {(error.filename or ANSWER)[1:-1]})" if error.lineno else ""
        return f"{type(error).__name__}: {error.msg}{where}"
    return f"{type(error).__name__}: {error}"[:300]
