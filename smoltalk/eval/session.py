"""An evaluation from models and tasks to results: one engine up at a time, every reply kept, nothing asked twice.

    results = evaluate(models, tasks, folder, tell, against="base", judge=judge)

Into `folder` go `replies.jsonl` (as they come: an interrupted evaluation goes on), `items.jsonl` (each item's answer
and mark), `results.json` and `report.html`.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from smoltalk.contracts import Engine
from smoltalk.errors import Problem, UserError, WorldError
from smoltalk.eval import counting
from smoltalk.eval.asking import Asking, Replies
from smoltalk.eval.folders import is_adapter
from smoltalk.eval.results import Results, write_marks
from smoltalk.eval.subject import Model, Subject
from smoltalk.eval.task import Asks, Mark, Task
from smoltalk.placement import main_memory, plan, visible
from smoltalk.serving.vllm_launch import lacks

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
    _check(models, tasks, folder, against, judge)
    replies = Replies(folder / "replies.jsonl")
    try:
        return asyncio.run(_Work(models, tasks, folder, say, against, judge, replies).go())
    except ExceptionGroup as errors:
        raise _first(errors) from errors
    except OSError as error:
        raise WorldError(f"{error.filename or folder}: {error.strerror or error}", f"replies, in {folder}") from error
    finally:
        replies.close()


def look_at(tasks: Mapping[str, Task]) -> None:
    """See that every task can be asked. Raises one `UserError` with all that is wrong with their data, `WorldError`."""
    problems: list[Problem] = []
    for task in tasks.values():
        try:
            task.look()
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(dict.fromkeys(problems))


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
        look_at(self.tasks)
        marks: dict[tuple[str, str], list[Mark]] = {}
        subjects = {one.name: Subject(one, Asking(one.engine, self.replies)) for one in self.models}
        for model in self.models:
            found = await self._marks(subjects[model.name])
            marks |= {(name, model.name): found[name] for name in self.tasks}
        results = self._results(marks)
        if self.against is not None and any(task.duels for task in self.tasks.values()):
            await self._duels(subjects, results, marks)
        results.seconds = time.monotonic() - self.began
        write_marks(self.folder / "items.jsonl", marks)
        results.write(self.folder / "results.json")
        return results

    async def _marks(self, subject: Subject) -> dict[str, list[Mark]]:
        """By task. What looks at the weights comes when the engine, which holds them too, is down again."""
        found: dict[str, list[Mark]] = {}
        asked = [name for name, task in self.tasks.items() if _is_asked(task, subject.model.engine)]
        async with AsyncExitStack() as stack:
            if asked:
                await self._up(stack, subject.model.engine, subject.name)
            for name in asked:
                found[name] = await self.tasks[name].marks(subject, self._tell(subject.name, name))
        for name in (name for name in self.tasks if name not in asked):
            found[name] = await self.tasks[name].marks(subject, self._tell(subject.name, name))
        return found

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
        results.duels = counting.among_all(results.duels)
        results.left_out += counting.left_out({key: some for key, some in marks.items() if key[0] not in self.tasks})

    def _results(self, marks: Mapping[tuple[str, str], list[Mark]]) -> Results:
        return Results(
            models=[{"name": one.name, "given": one.given, "plan": one.engine.plan()} for one in self.models],
            tasks={name: task.identity() for name, task in self.tasks.items()},
            scores=list(counting.scores(self.tasks, marks)),
            versus=counting.versus(self.tasks, marks, self.against) if self.against else [],
            left_out=list(counting.left_out(marks)),
            judge=self.judge.given if self.judge else "",
            kept=self.replies.kept,
        )

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


def _is_asked(task: Task, engine: Engine) -> bool:
    return isinstance(task, Asks) or engine.kind != "completes"


def _check(
    models: Sequence[Model], tasks: Mapping[str, Task], folder: Path, against: str | None, judge: Model | None
) -> None:
    """Raises `UserError` for what cannot work, before any model is loaded."""
    problems = []
    if folder.is_file():
        problems.append(Problem("--out", 0, f"{folder} is a file, not a folder", "name a new folder: --out FOLDER"))
    for model in models:
        for name, task in tasks.items():
            if not _is_asked(task, model.engine):
                try:
                    model.weights_for(name)
                except UserError as error:
                    problems += error.problems
                continue
            if model.engine.kind == "completes" or not isinstance(task, Asks):
                continue
            sentence = f"a reward model scores, and `{name}` has it write"
            problems.append(Problem(model.given, 0, sentence, "reward models are for `preferences`"))
        if any(_is_asked(task, model.engine) for task in tasks.values()):
            problems += _unmerged(model)
        if model.engine.kind == "completes" and (wrong := model.engine.cannot_write("assistant")):
            problems.append(Problem(model.given, 0, wrong))
    problems += _of_two(models, tasks, against, judge)
    if problems:
        raise UserError(dict.fromkeys(problems))


def _unmerged(model: Model) -> Iterator[Problem]:
    """An adapter is asked of vLLM; where there is none, merging it makes a model that other engines run."""
    engine = model.engine
    if model.weights is None or not is_adapter(Path(model.weights)) or getattr(engine, "endpoint", None):
        return
    if lacking := lacks(getattr(engine, "command", None)):
        merge = f"merge it: smoltalk train merge {model.weights} --out {model.weights.rstrip('/')}_merged"
        yield Problem(model.given, 0, f"holds an adapter, which vLLM runs, and {lacking}", merge)


def _of_two(
    models: Sequence[Model], tasks: Mapping[str, Task], against: str | None, judge: Model | None
) -> Iterator[Problem]:
    """What is wrong with a comparison."""
    judged = [name for name, task in tasks.items() if task.duels]
    if against is not None and len(models) < 2:
        yield Problem("--against", 0, f"compares {against} with itself", "name another model too")
    if judged and against is None and judge is None:
        hint = "name the other, and who judges: --against MODEL --judge MODEL"
        yield Problem("--tasks", 0, f"`{judged[0]}` compares two models as a judge says, and no other is named", hint)
    if judged and against is not None and judge is None:
        hint = "any engine will do: --judge 'openai: {model: ...}', --judge ORG/NAME"
        yield Problem("--judge", 0, f"`{judged[0]}` compares two models, which takes a judge", hint)
    if judge is None:
        return
    if not judged or against is None:
        hint = "add --tasks 'side_by_side: {data: ...}'" if not judged else "add --against MODEL"
        yield Problem("--judge", 0, "has nothing to judge", hint)
    if judge.engine.kind != "completes":
        yield Problem("--judge", 0, f"{judge.name} does not write, so it cannot say who is better")


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error in a group of groups."""
    one = errors.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one
