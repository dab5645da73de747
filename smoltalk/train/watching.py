"""What happens between steps: progress is told, and a request to stop ends training behind a checkpoint."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from transformers import TrainerCallback

from smoltalk.reporting.page_text import span

Tell = Callable[[str], None]


@dataclass(slots=True)
class Request:
    """Whether someone asked training to stop."""

    made: bool = False
    handled: bool = False


class Watch(TrainerCallback):  # type: ignore[misc]
    """Tells how far training is; stops it when asked to, with a checkpoint to go on from. `measured` hears the figures
    of the held-out rows before the first step."""

    def __init__(self, tell: Tell, request: Request, measured: Callable[[dict[str, Any]], None]) -> None:
        self._tell, self._request, self._measured = tell, request, measured
        self._loss = ""
        self._began, self._first = time.monotonic(), 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The clock starts."""
        self._began, self._first = time.monotonic(), state.global_step

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **_: Any) -> None:
        """What the first model says of the held-out rows."""
        if state.global_step == 0:
            self._measured(metrics)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """The last loss."""
        if logs and "loss" in logs:
            self._loss = f", loss {float(logs['loss']):.4g}"
            self._say(state)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        """A step is done."""
        self._say(state)
        if not self._request.handled and _agreed(args, self._request.made):
            self._request.handled = True
            control.should_training_stop = True
            control.should_save = True
        return control

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """A checkpoint is written: a pickle of all settings, of tokens too, is in it for nobody to read."""
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        (folder / "training_args.bin").unlink(missing_ok=True)

    def _say(self, state: Any) -> None:
        done = state.global_step - self._first
        spent = time.monotonic() - self._began
        left = f", {span(spent / done * (state.max_steps - state.global_step))} left" if done else ""
        self._tell(f"step {state.global_step:,} of {state.max_steps:,}{self._loss}{left}")


def _agreed(args: Any, asked: bool) -> bool:
    """Whether any process was asked to stop: all stop behind the same step, or those that go on wait for ever."""
    if args.world_size == 1:
        return asked
    import torch

    flag = torch.tensor([int(asked)], device=args.device)
    torch.distributed.all_reduce(flag, op=torch.distributed.ReduceOp.MAX)
    return bool(flag.item())


@contextmanager
def stopping_politely(request: Request, tell: Tell, alone: bool = True) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM makes the request; the second is what it always was, but for a process that is not
    `alone`: it gets both of the terminal and of its launcher, which does not wait long."""

    def ask(number: int, frame: FrameType | None) -> None:
        if request.made and not alone:
            return
        if request.made:
            raise KeyboardInterrupt
        request.made = True
        tell("stopping after this step; once more stops at once")

    before: dict[int, Any] = {}
    try:
        for one in (signal.SIGINT, signal.SIGTERM):
            before[one] = signal.signal(one, ask)
    except ValueError:  # not the main thread: whoever owns it is asked
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
