"""A small Hub on a loopback port, for the true clients: huggingface_hub and datasets.

Written from the clients' source and their documentation: a contract test of our side, not of the Hub's. It knows no
quotas, no gated repositories and no viewer.
"""

import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

from tests.hub_double import reading, writing
from tests.hub_double.call import Answer, Call, json_answer
from tests.hub_double.faults import Failing
from tests.hub_double.store import Refusal, Store

TOKEN = "hf_" + "t" * 8
_API = r"/api/(?P<kind>dataset|model|space)s/(?P<name>[^/]+/[^/]+)"
_REVISION, _PATH = r"(?P<revision>[^/]+)", r"(?P<path>.+)"
_PLAIN = r"/(?P<kind>datasets/|spaces/)?(?P<name>[^/]+/[^/]+)"

ROUTES: list[tuple[str, str, Callable[[Call], Answer]]] = [
    ("GET", "/api/whoami-v2", reading.whoami),
    ("POST", "/api/repos/create", writing.create),
    ("POST", "/api/validate-yaml", writing.validate_yaml),
    ("GET", rf"{_API}/tree/{_REVISION}(?:/{_PATH})?", reading.tree),
    ("POST", rf"{_API}/paths-info/{_REVISION}", reading.paths_info),
    ("GET", rf"{_API}/refs", reading.references),
    ("GET", rf"{_API}/commits/{_REVISION}", reading.commits),
    ("GET", rf"{_API}/discussions", reading.discussions),
    ("POST", rf"{_API}/discussions/(?P<number>\d+)/merge", writing.merge),
    ("GET", rf"{_API}/revision/{_REVISION}", reading.about),
    ("POST", rf"{_API}/preupload/{_REVISION}", writing.preupload),
    ("POST", rf"{_API}/commit/{_REVISION}", writing.commit),
    ("POST", rf"{_API}/branch/(?P<branch>[^/]+)", writing.branch),
    ("POST", rf"{_API}/tag/{_REVISION}", writing.tag),
    ("GET", rf"{_API}/xet-(?:read|write)-token/.*", writing.xet_token),
    ("GET HEAD", _API, reading.about),
    ("POST", rf"{_PLAIN}\.git/info/lfs/objects/batch", writing.large_batch),
    ("PUT", "/_large/(?P<sha>[0-9a-f]{64})", writing.large_put),
    ("POST", "/_large/(?P<sha>[0-9a-f]{64})/verify", writing.large_verify),
    ("GET HEAD", rf"{_PLAIN}/resolve/{_REVISION}/{_PATH}", reading.file),
]


class HubDouble:
    """The server; `folder` is where it keeps contents, `xet` whether it has Xet storage."""

    organisations = ("acme",)
    user = "tester"

    def __init__(self, folder: Path, *, xet: bool = False) -> None:
        self.store = Store(folder)
        self.cas = folder / "cas" if xet else None
        self.page = 1000
        """Lines of a tree in one answer."""
        self.failing: list[Failing] = []
        self.asked: list[tuple[str, str, int]] = []
        """(method, path, status) of every request; status 0 where the connection was cut."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.hub = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def serving(self) -> Iterator["HubDouble"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def environment(self) -> dict[str, str]:
        """For a process that is to take this for the Hub."""
        return {
            "HF_ENDPOINT": self.url, "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "",
            "HF_HUB_DISABLE_XET": "" if self.cas else "1", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "",
        }  # fmt: skip

    def fail(self, method: str, path: str, **how: object) -> Failing:
        """The next requests like this one fail; see `Failing`."""
        self.failing.append(Failing(method, path, **how))  # type: ignore[arg-type]
        return self.failing[-1]

    def count(self, method: str, path: str) -> int:
        """How many requests like this one came."""
        return sum(1 for m, p, _ in self.asked if m == method and re.search(path, p))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits for the head that was sent before it

    def log_message(self, *_: object) -> None:
        pass

    def _handle(self) -> None:
        hub = cast(HubDouble, self.server.hub)  # type: ignore[attr-defined]
        address = urllib.parse.urlsplit(self.path)
        fault = next((one for one in hub.failing if one.meets(self.command, address.path)), None)
        if fault and fault.way == "cut_request":
            self.rfile.read(int(self.headers.get("Content-Length") or 0) // 2)
            return self._cut(hub)
        body = self._body()
        if fault and fault.way == "answer":
            return self._send(hub, json_answer({"error": "asked for by a test"}, fault.status), dict(fault.headers))
        answer = self._answer(hub, address, body)
        if fault and fault.way == "lost":
            return self._cut(hub)
        return self._send(hub, answer, {}, cut=bool(fault))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _handle  # noqa: N815

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _answer(self, hub: HubDouble, address: urllib.parse.SplitResult, body: bytes) -> Answer:
        token = self.headers.get("authorization", "").removeprefix("Bearer ").strip()
        user = hub.user if token == TOKEN else None
        try:
            if token and user is None:
                raise Refusal(401, "Invalid username or password.")
            for methods, pattern, answered in ROUTES:
                found = re.fullmatch(pattern, address.path)
                if found and self.command in methods.split():
                    query = dict(urllib.parse.parse_qsl(address.query))
                    call = Call(
                        hub,
                        self.command,
                        address.path,
                        query,
                        {name.title(): value for name, value in self.headers.items()},
                        body,
                        user,
                        _parts(found),
                    )
                    with hub.store.lock:
                        return answered(call)
            raise Refusal(404, f"there is no {self.command} {address.path}")
        except Refusal as refusal:
            answer = json_answer({"error": refusal.said}, refusal.status)
            answer.headers |= {"X-Error-Message": refusal.said}
            answer.headers |= {"X-Error-Code": refusal.code} if refusal.code else {}
            return answer

    def _send(self, hub: HubDouble, answer: Answer, headers: dict[str, str], cut: bool = False) -> None:
        hub.asked.append((self.command, self.path, 0 if cut else answer.status))
        self.send_response(answer.status)
        for name, value in {**answer.headers, **headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: len(answer.body) // 2] if cut else answer.body)
        if cut:
            self.close_connection = True

    def _cut(self, hub: HubDouble) -> None:
        hub.asked.append((self.command, self.path, 0))
        self.close_connection = True


def _parts(found: re.Match[str]) -> dict[str, str]:
    parts = {name: urllib.parse.unquote(value) for name, value in found.groupdict().items() if value}
    kind = parts.get("kind", "model")
    return parts | {"kind": kind.removesuffix("/").removesuffix("s") if kind.endswith("/") else kind}
