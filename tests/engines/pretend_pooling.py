"""A program that stands in for `vllm serve --runner pooling` in tests: starts at once, answers from the request.

Words of the request steer it: `steps`, `two`, `three`, `wrong`, `nothing` choose the answer's form, `long` is refused,
`die once` ends the server. It prints the port it listens on, which `--port=0` leaves to it, and notes every body, and
what it was started with, as JSON lines in the file NOTES.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PORT = int(next(word for word in sys.argv if word.startswith("--port=")).partition("=")[2])
NOTES = Path(os.environ["NOTES"])
LOCK = threading.Lock()
NUMBERS: dict[str, Any] = {
    "steps": [[0.2], [0.8], [0.5]],
    "two": [0.25, 0.75],
    "three": [0.1, 0.2, 0.7],
    "wrong": "no numbers",
    "nothing": [float("nan")],
}


def note(**what: Any) -> None:
    with LOCK, NOTES.open("a", encoding="utf-8") as file:
        file.write(json.dumps(what) + "\n")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(200, b"vllm:num_requests_running 2.0\n")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        note(path=self.path, body=body, key=self.headers["Authorization"])
        said = json.dumps(body.get("input", body.get("messages")))
        if "die once" in said and not Path(f"{NOTES}.died").exists():
            Path(f"{NOTES}.died").touch()
            os._exit(9)
        if "long" in said:
            return self.answer(400, b'{"error": {"message": "This model\'s maximum context length is 512 tokens."}}')
        numbers = next((form for word, form in NUMBERS.items() if word in said), [2.5])
        found = {"/pooling": {"data": numbers}, "/v1/embeddings": {"embedding": [3.0, 4.0]}}.get(self.path)
        if found is None:
            return self.answer(404, b'{"detail": "Not Found"}')
        return self.answer(200, json.dumps({"data": [found], "usage": {"prompt_tokens": 7}}).encode())

    def answer(self, status: int, payload: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        return None


note(argv=sys.argv[1:])
server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
