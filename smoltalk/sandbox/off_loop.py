"""Blocking work beside the event loop, in as many threads as programs may run at once."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from smoltalk.sandbox.pool import CORES

T = TypeVar("T")


async def off_loop(function: Callable[..., T], *arguments: object) -> T:
    """What the function returns or raises; the loop goes on meanwhile."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), function, *arguments)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CORES, thread_name_prefix="sandbox")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.cache_clear)  # threads stay behind in the parent
