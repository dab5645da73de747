"""What an exception says of a program: how it ended, in one line, and where."""


def describe(error: BaseException | None, sources: dict[str, list[str]]) -> tuple[str, str, str]:
    """How it ended, the last line of the traceback and its place, and the module that was not found."""
    said = " ".join(str(error).split())[:300]
    name = type(error).__name__
    where = _place(error, sources, bare=not said)
    missing = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
    if isinstance(error, SystemExit):
        return "exited", f"left early: sys.exit({said}){where}", ""
    line = f"{name}: {said}" if said else name
    return "memory" if isinstance(error, MemoryError) else "raised", line + where, missing


def _place(error: BaseException | None, sources: dict[str, list[str]], bare: bool) -> str:
    """The innermost line of the answer or the tests that the error passed through, ` (line 3 of the tests)`.

    The line itself is quoted where the error says nothing (`bare`), as a failed `assert` does.
    """
    found = ""
    trace = error.__traceback__ if error else None
    while trace is not None:
        file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        if file in sources and line <= len(sources[file]):
            text = sources[file][line - 1].strip()[:160] if bare else ""
            found = f" (line {line} of the {file[1:-1]}{': ' + text if text else ''})"
        trace = trace.tb_next
    return found
