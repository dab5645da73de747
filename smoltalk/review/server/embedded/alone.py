"""The server without others: no Redis, as its jobs are tasks of its own event loop, and no page that loads from
elsewhere. And two costs of every record taken away."""

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from argilla_server.api.handlers.v1 import jobs as handlers
from argilla_server.api.schemas.v1.questions import QuestionSettings
from argilla_server.bulk import records_bulk
from argilla_server.contexts import webhooks
from argilla_server.jobs import queues
from argilla_server.models import MetadataProperty, Question
from argilla_server.models.metadata_properties import MetadataPropertySettings
from fastapi import HTTPException
from pydantic import TypeAdapter

_log = logging.getLogger("argilla")


@dataclass
class Job:
    """A job as the API shows it."""

    id: str
    status: str = "queued"

    def get_status(self, refresh: bool = True) -> str:
        """`queued`, `started`, `finished` or `failed`."""
        return self.status


class Jobs:
    """What runs, or ran, since the server was started."""

    def __init__(self) -> None:
        self._known: dict[str, Job] = {}
        self._running: set[asyncio.Task[None]] = set()

    def enqueue_call(
        self, func: Callable[..., Any], args: Any = None, kwargs: Any = None, job_id: str | None = None, **_: object
    ) -> Job:
        """As `rq.Queue.enqueue_call`."""
        job = Job(job_id or str(uuid.uuid4()))
        self._known[job.id] = job
        task = asyncio.get_running_loop().create_task(self._run(job, func, args or (), kwargs or {}))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return job

    def find(self, job_id: str) -> Job:
        """A job by its id."""
        if job_id not in self._known:
            raise HTTPException(404, detail=f"Job with id `{job_id}` not found")
        return self._known[job_id]

    async def _run(self, job: Job, func: Callable[..., Any], args: Any, kwargs: Any) -> None:
        job.status = "started"
        try:
            await func(*args, **kwargs)
        except Exception:
            job.status = "failed"
            _log.exception("a job failed")
        else:
            job.status = "finished"


def without_redis() -> None:
    """Jobs run here; Redis is never asked."""
    jobs = Jobs()
    queues.REDIS_CONNECTION.ping = lambda **_: True
    for queue in (queues.DEFAULT_QUEUE, queues.HIGH_QUEUE):
        queue.enqueue_call = jobs.enqueue_call
    handlers._get_job = jobs.find


_OWN = b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"
"""What a page may load: of this server only. The server's pages would ask Google for fonts, and an image's address in
a text would tell its host who reads it."""


def to_itself(app: Any) -> None:
    """No page has the browser ask anybody else."""
    app.add_middleware(_Policy)


class _Policy:
    """Sends `Content-Security-Policy` with every answer (W3C, CSP level 3)."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def told(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"content-security-policy", _OWN)]
            await send(message)

        await self.app(scope, receive, told)


def swifter() -> None:
    """The server builds a validator for every value, and an event for every record that no webhook waits for."""
    question, metadata = TypeAdapter(QuestionSettings), TypeAdapter(MetadataPropertySettings)
    Question.parsed_settings = property(lambda self: question.validate_python(self.settings))
    MetadataProperty.parsed_settings = property(lambda self: metadata.validate_python(self.settings))
    tell = records_bulk.notify_record_event_v1

    async def told_if_wanted(session: Any, kind: Any, record: Any) -> Any:
        return await tell(session, kind, record) if await webhooks.list_enabled_webhooks(session) else []

    records_bulk.notify_record_event_v1 = told_if_wanted
