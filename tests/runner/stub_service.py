"""A small real HTTP service that speaks the task-runner protocol, remembers every call, and can go away and return."""

from __future__ import annotations

import io
import json
import queue
import threading
import time
import uuid
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.waiting import until

API_KEY = "stub-key"
RUNNER_ID = "7d0a7b0e-0d5e-4a53-9d0b-6b8f4c3f1a11"
GROUP_ID = "3b6f4c58-2f0f-4f3c-8a8e-0f8f4f0f7a22"
BUCKET = "bucket"


def input_archive(files: dict[str, bytes] | None = None) -> bytes:
    """An input.zip with these files below sim_dir/."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sim_dir/", b"")
        for name, content in (files or {}).items():
            archive.writestr(f"sim_dir/{name}", content)
    return packed.getvalue()


class StubService:
    """`calls` are (method, path, body) in order of arrival; `objects` is the store."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.objects: dict[str, bytes] = {}
        self.orders: queue.Queue[dict[str, str]] = queue.Queue()
        self.messages: dict[str, queue.Queue[str]] = {}
        self.refuse_polls_with: int | None = None
        self.fail_next: dict[str, list[int]] = {}
        self.on_call: dict[str, Any] = {}
        self.takes_batches = False
        self.batches: list[int] = []
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self.stopping = False
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, port: int | None = None) -> None:
        """Listen (again), by default on the port of before."""
        stub = self

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 50

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that hangs up is no news."""

        self._server = Server(("127.0.0.1", self.port if port is None else port), _handler(stub))
        self.port = self._server.server_address[1]
        self.stopping = False
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Go away: connections are refused, long polls break off."""
        self.stopping = True
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def submit(self, *commands: str | dict[str, Any], files: dict[str, bytes] | None = None, **order: Any) -> str:
        """Queue a task; its id. `extra` adds to extra_params; other names are fields of the order."""
        task_id = order.pop("task_id", None) or uuid.uuid4().hex[:25]
        extra = order.pop("extra", {})
        archive = order.pop("archive", None)
        self.objects[f"{task_id}/input.zip"] = input_archive(files) if archive is None else archive
        parameters = {
            "sim_dir": "sim_dir",
            "commands": [command if isinstance(command, dict) else {"cmd": command} for command in commands],
            **extra,
        }
        self.messages[task_id] = queue.Queue()
        self.orders.put(
            {
                "id": task_id,
                "project_id": "p",
                "task_dir": f"{BUCKET}/{task_id}",
                "container_image": "docker://inductiva/kutu:commands",
                "simulator": "arbitrary_commands",
                "extra_params": json.dumps(parameters),
                "submitted_timestamp": "2026-01-01T00:00:00.000000+00:00",
                **order,
            }
        )
        return task_id

    def kill(self, task_id: str) -> None:
        self.messages[task_id].put("kill")

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, bytes]:
        """Status and body for one call."""
        parts = path.strip("/").split("/")
        if parts[-1] == "reports":
            return self._batch(path, json.loads(body)) if self.takes_batches else (404, b'{"detail": "no batches"}')
        told: Any = None
        if method == "POST" and body:
            told = json.loads(body)
            if parts[-1] == "event":
                told = {"type": told["type"], **json.loads(told["json"])}
        with self._lock:
            self.calls.append((method, path, told if method == "POST" else query))
        label = told["type"] if isinstance(told, dict) and "type" in told else parts[-1]
        if label in self.on_call:
            self.on_call[label]()
        if self.fail_next.get(label):
            return self.fail_next[label].pop(0), b'{"detail": "as the test wishes"}'
        if parts[0] == BUCKET:
            return self._store(method, unquote("/".join(parts[1:])), body)
        if parts[0] == "storage":
            return self._sign(query)
        return self._runner(method, parts, query)

    def _batch(self, path: str, batch: dict[str, Any]) -> tuple[int, bytes]:
        """Remember every report of a batch as if it had come alone."""
        runner = path.removesuffix("/reports")
        self.batches.append(len(batch["reports"]))
        for report in batch["reports"]:
            task = f"{runner}/task/{report['task_id']}"
            body = {"elapsed_time_s": report["age_s"], **report["body"]}
            if report["kind"] == "event":
                inner = json.dumps({**report["body"]["event"], "elapsed_time_s": report["age_s"]})
                self.answer("POST", f"{runner}/event", {}, json.dumps({**report["body"], "json": inner}).encode())
            elif report["kind"] == "operation-end":
                target = f"{task}/operation/{report['operation_id']}/done"
                self.answer("POST", target, {}, json.dumps(body).encode())
            else:
                last = {"metric": "metric", "operation-start": "operation", "unblock": "message/unblock"}
                self.answer("POST", f"{task}/{last[report['kind']]}", {}, json.dumps(body).encode())
        return 200, b"{}"

    def _store(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if method == "PUT":
            self.objects[path] = body
            return 200, b""
        return (200, self.objects[path]) if path in self.objects else (404, b'{"detail": "no such object"}')

    def _sign(self, query: dict[str, list[str]]) -> tuple[int, bytes]:
        path = query["paths"][0]
        if query["operation"] == ["upload"]:
            found = [path]
        else:
            found = [name for name in self.objects if name == path or name.startswith(path.rstrip("/") + "/")]
        if not found:
            return 404, b'{"detail": "nothing there"}'
        return 200, json.dumps([f"{self.url}/{BUCKET}/{quote(name)}?signature=1" for name in found]).encode()

    def _runner(self, method: str, parts: list[str], query: dict[str, list[str]]) -> tuple[int, bytes]:
        if parts[1] == "register":
            return 202, json.dumps({"task_runner_id": RUNNER_ID, "machine_group_id": GROUP_ID}).encode()
        if method == "GET" and parts[2:] == ["task"]:
            if self.refuse_polls_with:
                return self.refuse_polls_with, b'{"detail": "gone"}'
            order = self._wait(self.orders, query)
            return (200, json.dumps(order).encode()) if order else (204, b"")
        if method == "GET" and parts[-1] == "message":
            message = self._wait(self.messages[parts[3]], query)
            return (200, json.dumps(message).encode()) if message else (204, b"")
        if parts[-1] == "unblock":
            self.messages[parts[3]].put("done")
        if parts[-1] == "operation":
            return 200, json.dumps({"operation_id": str(uuid.uuid4())}).encode()
        return 202, b"{}"

    def _wait(self, source: queue.Queue[Any], query: dict[str, list[str]]) -> Any:
        deadline = time.monotonic() + float(query.get("block_s", ["0"])[0])
        while not self.stopping:
            try:
                return source.get(timeout=0.02)
            except queue.Empty:
                if time.monotonic() > deadline or self.refuse_polls_with:
                    return None
        raise ConnectionAbortedError

    # What tests ask ------------------------------------------------------------------------------------------------

    def events(self, task_id: str | None = None) -> list[dict[str, Any]]:
        """The events told so far, of one task or of all."""
        with self._lock:
            told = [body for method, path, body in self.calls if method == "POST" and path.endswith("/event")]
        return [event for event in told if task_id is None or event.get("id") == task_id]

    def event_names(self, task_id: str) -> list[str]:
        return [event["type"] for event in self.events(task_id)]

    def event(self, task_id: str, kind: str, within_s: float = 30.0) -> dict[str, Any]:
        """The first event of this type about the task, waited for."""
        return until(
            lambda: next((event for event in self.events(task_id) if event["type"] == kind), None),
            within_s,
            f"no {kind} of {task_id}; told were {self.events()}",
        )

    def end(self, task_id: str, within_s: float = 30.0) -> dict[str, Any]:
        """The event that ends the task, waited for."""
        final = {"TaskOutputUploaded", "TaskKilled", "TaskExecutionFailed", "TaskOutputUploadFailed"}
        return until(
            lambda: next((event for event in self.events(task_id) if event["type"] in final), None),
            within_s,
            f"task {task_id} did not end; told were {self.events()}",
        )

    def outputs(self, task_id: str) -> dict[str, bytes]:
        """The stored outputs by name below artifacts/, folders with a trailing slash."""
        with zipfile.ZipFile(io.BytesIO(self.objects[f"{task_id}/output.zip"])) as archive:
            assert archive.testzip() is None
            return {name.removeprefix("artifacts/"): archive.read(name) for name in archive.namelist()}

    def told(self, task_id: str) -> list[tuple[str, dict[str, Any]]]:
        """What was posted about the task, as (last part of the path, body), in order of arrival."""
        with self._lock:
            calls = [(path, body or {}) for method, path, body in self.calls if method == "POST"]
        return [
            (path.rsplit("/", 1)[-1], body)
            for path, body in calls
            if f"/task/{task_id}/" in path or body.get("id") == task_id
        ]

    def operations(self, task_id: str, name: str) -> list[dict[str, Any]]:
        """The attributes told when operations of this name started."""
        return [body["attributes"] for last, body in self.told(task_id) if last == "operation" and body["name"] == name]

    def exit_codes(self, task_id: str) -> list[int]:
        """Of the commands that have ended."""
        ends = [body["attributes"] for last, body in self.told(task_id) if last == "done"]
        return [attributes["exit_code"] for attributes in ends if "exit_code" in attributes]

    def metrics(self, task_id: str) -> dict[str, float]:
        return {body["metric"]: body["value"] for last, body in self.told(task_id) if last == "metric"}

    def forget(self) -> None:
        """Start over for another test, with the same runner."""
        with self._lock:
            self.calls.clear()
        self.fail_next.clear()
        self.on_call.clear()


def _handler(stub: StubService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 64 * 1024  # one packet per answer: two small ones would meet a delayed acknowledgement of 40 ms

        def _serve(self) -> None:
            url = urlsplit(self.path)
            body = self._body()
            # A runner that was killed may have told half of something.
            if stub.stopping or len(body) < int(self.headers.get("Content-Length") or 0):
                self.close_connection = True
                self.connection.close()
                return
            if not url.path.startswith(f"/{BUCKET}/") and self.headers.get("X-API-Key") != API_KEY:
                status, answer = 401, b'{"detail": "key"}'
            else:
                status, answer = stub.answer(self.command, url.path, parse_qs(url.query), body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if self.command == "PUT":
                self.send_header("x-goog-stored-content-length", str(len(body)))
            if status != 204:
                self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if status != 204:
                self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_DELETE = _serve

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)

        def log_message(self, *_: Any) -> None:
            """The tests look at `calls`."""

    return Handler
