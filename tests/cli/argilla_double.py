"""A server at an address of its own that answers as it is told, or as an Argilla does."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

Respond = Callable[[str, str, Any], tuple[int, Any]]


@contextmanager
def double(respond: Respond) -> Iterator[str]:
    """A server at an address of its own that answers as it is told."""

    class Handler(BaseHTTPRequestHandler):
        def go(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            path, _, query = self.path.partition("?")
            if self.command == "DELETE":
                body = json.dumps(parse_qs(query)).encode()
            status, said = respond(self.command, path.removeprefix("/api/v1"), body)
            if not status:
                self.close_connection = True
                return
            text = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = go  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Argilla:
    """Just enough of the API for a push."""

    def __init__(self) -> None:
        self.records: dict[str, Any] = {}
        self.fields: set[str] = set()
        self.questions: set[str] = set()
        self.made = False
        self.people = 0
        self.trouble: Callable[[str, str], int | None] = lambda method, path: None

    def __call__(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if (status := self.trouble(method, path)) is not None:
            return status, {"detail": "trouble"}
        said = json.loads(body) if body else {}
        match method, path:
            case "GET", "/version":
                return 200, {"version": "2.8.0"}
            case "GET", "/me":
                return 200, {"id": "1", "username": "owner", "role": "owner"}
            case "GET", "/me/workspaces":
                return 200, {"items": [{"name": "review", "id": "w"}]}
            case "GET", "/me/datasets":
                one = {"name": "run", "workspace_id": "w", "status": "ready", "id": "d"}
                return 200, {"items": [one] if self.made else []}
            case "POST", "/datasets":
                self.people = said["distribution"]["min_submitted"]
                return 201, {"id": "d"}
            case "GET", "/datasets/d":
                return 200, {"distribution": {"strategy": "overlap", "min_submitted": self.people}}
            case "PATCH", "/datasets/d":
                self.people = said["distribution"]["min_submitted"]
            case "POST", "/datasets/d/fields" | "/datasets/d/questions":
                (self.fields if path.endswith("fields") else self.questions).add(said["name"])
            case "GET", "/datasets/d/fields" | "/datasets/d/questions":
                names = self.fields if path.endswith("fields") else self.questions
                return 200, {"items": [{"name": name, "id": name} for name in names]}
            case "PUT", "/datasets/d/publish":
                self.made = True
            case "GET", "/datasets/d/records":
                return 200, {"items": list(self.records.values())}
            case "DELETE", "/datasets/d/records":
                for name in said["ids"][0].split(","):
                    del self.records[name]
            case "PUT", "/datasets/d/records/bulk":
                self.records |= {one["external_id"]: {**one, "id": one["external_id"]} for one in said["items"]}
        return 200, {}
