"""An evaluation from models and tasks to results: one engine up at a time, every reply kept, nothing asked twice.

    results = evaluate(models, tasks, folder, tell, against="base", judge=judge)

Into `folder` go `replies.jsonl` (as they come: an interrupted evaluation goes on), `items.jsonl` (each item's answer
and mark), `results.json` and `report.html`.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from smoltalk.contracts import Engine
from smoltalk.errors import Problem, UserError, WorldError
from smoltalk.eval import counting
from smoltalk.eval.asking import Asking, Replies
from smoltalk.eval.results import Results, write_marks
from smoltalk.eval.subject import Model, Subject
from smoltalk.eval.task import Asks, Mark, Task
from smoltalk.placement import main_memory, plan, visible

Say = Callable[[str, str, int, int], None]
"""Told a model, a task, and how many items of how many are done."""


def evaluate(
    models: Sequence[Model],
    tasks: Mapping[str, Task],
    folder: Path,
    say: Say,
    against: str | None = None,
    judge: Model | None = None,
) -> Results:
    """Evaluate models, and compare all others with `against`, which is one of them by name.

    Raises `UserError`, `WorldError` and `KeyboardInterrupt`; the next call goes on where this one ended.
    """
    _check(models, tasks, against, judge)
    replies = Replies(folder / "replies.jsonl")
    try:
        return asyncio.run(_Work(models, tasks, folder, say, against, judge, replies).go())
    except ExceptionGroup as errors:
        raise _first(errors) from errors
    except OSError as error:
        raise WorldError(f"{error.filename or folder}: {error.strerror or error}", f"replies, in {folder}") from error
    finally:
        replies.close()


class _Work:
    """One call."""

    def __init__(
        self,
        models: Sequence[Model],
        tasks: Mapping[str, Task],
        folder: Path,
        say: Say,
        against: str | None,
        judge: Model | None,
        replies: Replies,
    ) -> None:
        self.models, self.tasks, self.folder, self.say = models, tasks, folder, say
        self.against, self.judge, self.replies = against, judge, replies
        self.began = time.monotonic()

    async def go(self) -> Results:
        """All models on all tasks, then what a judge says of them."""
        marks: dict[tuple[str, str], list[Mark]] = {}
        subjects = {}
        for model in self.models:
            subjects[model.name] = subject = Subject(model, Asking(model.engine, self.replies))
            async with AsyncExitStack() as stack:
                if self._is_asked(model):
                    await self._up(stack, model.engine, model.name)
                for name, task in self.tasks.items():
                    marks[name, model.name] = await task.marks(subject, self._tell(model.name, name))
        results = self._results(marks)
        if self.against is not None and any(task.duels for task in self.tasks.values()):
            await self._duels(subjects, results, marks)
        results.seconds = time.monotonic() - self.began
        write_marks(self.folder / "items.jsonl", marks)
        results.write(self.folder / "results.json")
        return results

    async def _duels(
        self, subjects: Mapping[str, Subject], results: Results, marks: dict[tuple[str, str], list[Mark]]
    ) -> None:
        assert self.against is not None and self.judge is not None
        judge = Subject(self.judge, Asking(self.judge.engine, self.replies))
        async with AsyncExitStack() as stack:
            await self._up(stack, self.judge.engine, self.judge.name)
            for name, task in self.tasks.items():
                for model in self.models if task.duels else ():
                    if model.name == self.against:
                        continue
                    both = subjects[model.name], subjects[self.against]
                    found = await task.duel(*both, judge, self._tell(f"{model.name}, judged", name))
                    results.duels += counting.duels(name, task, model.name, self.against, found)
                    marks[f"{name}: verdicts", model.name] = found

    def _results(self, marks: Mapping[tuple[str, str], list[Mark]]) -> Results:
        return Results(
            models=[{"name": one.name, "given": one.given, "plan": one.engine.plan()} for one in self.models],
            tasks={name: task.identity() for name, task in self.tasks.items()},
            scores=list(counting.scores(self.tasks, marks)),
            versus=counting.versus(self.tasks, marks, self.against) if self.against else [],
            judge=self.judge.given if self.judge else "",
            kept=self.replies.kept,
        )

    def _is_asked(self, model: Model) -> bool:
        return model.engine.kind != "completes" or any(isinstance(task, Asks) for task in self.tasks.values())

    async def _up(self, stack: AsyncExitStack, engine: Engine, name: str) -> None:
        gpus = visible()
        if need := engine.need(name, bool(gpus)):
            found = plan([need], gpus, main_memory(), [frozenset({name})])
            if found.faults:
                raise WorldError("; ".join(found.faults))
            engine.settle(found.places(name))
        stack.push_async_callback(engine.stop)
        await engine.start(self.folder / "logs")

    def _tell(self, model: str, task: str) -> Callable[[int, int], None]:
        return lambda done, of: self.say(model, task, done, of)


def _check(models: Sequence[Model], tasks: Mapping[str, Task], against: str | None, judge: Model | None) -> None:
    """Raises `UserError` for what cannot work, before any model is loaded."""
    problems = []
    for model in models:
        for name, task in tasks.items():
            if model.engine.kind == "completes" or not isinstance(task, Asks):
                continue
            sentence = f"a reward model scores, and `{name}` has it write"
            problems.append(Problem(model.given, 0, sentence, "reward models are for `preferences`"))
        if model.engine.kind == "completes" and (wrong := model.engine.cannot_write("assistant")):
            problems.append(Problem(model.given, 0, wrong))
    judged = [name for name, task in tasks.items() if task.duels]
    if judged and against is not None and judge is None:
        hint = "any engine will do: --judge 'openai: {model: ...}', --judge ORG/NAME"
        problems.append(Problem("--judge", 0, f"`{judged[0]}` compares two models, which takes a judge", hint))
    if problems:
        raise UserError(problems)


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error in a group of groups."""
    one = errors.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one
