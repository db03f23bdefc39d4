"""Tells users what they asked to be told: by a POST to an address of theirs, or by this computer's mail program."""

from __future__ import annotations

import asyncio
import logging
import shutil
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter, ValidationError

from taskmon.core.notices import ActionType, NoticeAction, ObserverEvent, TriggerKind
from taskmon.core.runner_protocol import EventType

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from taskmon.service.notice_repository import Notice, NoticeRepository
    from taskmon.service.storage import Storage
    from taskmon.service.task_repository import TaskRepository

TRIES: Final = 3
_PAUSE_S: Final = 2.0
_ANSWER_S: Final = 10.0

_log = logging.getLogger(__name__)
_OBSERVER_EVENT: Final = TypeAdapter(ObserverEvent)


class Notifier:
    """Finds notices that are due and sends them, each once."""

    def __init__(
        self, notices: NoticeRepository, tasks: TaskRepository, storage: Storage, clock: Callable[[], datetime]
    ) -> None:
        self._notices = notices
        self._tasks = tasks
        self._storage = storage
        self._clock = clock
        self._sending: set[asyncio.Task[None]] = set()

    def look(self) -> None:
        """Send what has become due. Call it now and then, in the loop."""
        for notice in self._notices.due():
            if notice.kind is not TriggerKind.TASK_OUTPUT_UPLOADED or self._has_outputs(notice.task_id):
                self._fire(notice, None)

    def heard(self, machine: str, envelope: dict[str, Any]) -> None:
        """An event of a runner; what an observer has seen is told, if `machine` is the one that works on the task."""
        if envelope.get("type") != EventType.OBSERVER_TRIGGERED:
            return
        try:
            event = _OBSERVER_EVENT.validate_json(envelope.get("json", ""))
        except ValidationError as error:
            _log.warning("Ignored an unreadable observer event of machine %s: %s", machine, error)
            return
        if self._tasks.holder(event.id) == machine:
            for notice in self._notices.wanted(event.id):
                if notice.id == event.observer_id:
                    self._fire(notice, (event.extra_params or {}).get("captured"))

    async def close(self) -> None:
        """Give up what is still being sent."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _has_outputs(self, task_id: str) -> bool:
        return self._storage.locate(self._tasks.task(task_id).storage_output_path or "").exists()

    def _fire(self, notice: Notice, captured: Any) -> None:
        if not self._notices.note_fired(notice.id, self._clock()):
            return
        task = self._tasks.task(notice.task_id)
        facts = {**notice.described(), "reason": notice.kind, "task_id": task.task_id, "status": task.status}
        sending = asyncio.create_task(_send(notice.action, facts | ({"captured": captured} if captured else {})))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)


async def _send(action: NoticeAction, facts: dict[str, Any]) -> None:
    for attempt in range(1, TRIES + 1):
        problem = await (_post if action.action_type is ActionType.WEBHOOK else _mail)(action, facts)
        if problem is None:
            return
        _log.warning("Event %s was not delivered (try %d of %d): %s", facts["event_id"], attempt, TRIES, problem)
        await asyncio.sleep(_PAUSE_S * attempt)


async def _post(action: NoticeAction, facts: dict[str, Any]) -> str | None:
    """What went wrong; None if the address took it."""
    import httpx

    try:
        async with httpx.AsyncClient(timeout=_ANSWER_S) as client:
            answer = await client.post(action.webhook_url or "", json=facts)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return f"{type(error).__name__} {error}"
    return None if answer.is_success else f"the address answered {answer.status_code}"


async def _mail(action: NoticeAction, facts: dict[str, Any]) -> str | None:
    """What went wrong; None if the mail program took it."""
    program = shutil.which("sendmail") or shutil.which("sendmail", path="/usr/sbin:/usr/lib")
    if program is None:
        return "this computer has no mail program (sendmail)"
    message = EmailMessage()
    message["To"] = action.email_address or ""
    message["Subject"] = f"Task {facts['task_id']}: {facts['status']}"
    message.set_content("\n".join(f"{name}: {value}" for name, value in facts.items()))
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(program, "-t", "-i", stdin=pipe, stdout=nothing, stderr=nothing)
    await process.communicate(message.as_bytes())
    return None if process.returncode == 0 else f"the mail program ended with {process.returncode}"
