"""What the pretended Hub answers to those who read: repositories, trees, files, references, pull requests."""

import json
import re
import urllib.parse
from pathlib import PurePosixPath
from typing import Any

import yaml

from tests.hub_double.call import Answer, Call, json_answer
from tests.hub_double.store import Commit, Refusal, Repository, Stored


def whoami(call: Call) -> Answer:
    user = call.must_be_known()
    access = {"type": "access_token", "accessToken": {"displayName": "test", "role": "write"}}
    orgs = [{"name": name} for name in call.hub.organisations]
    return json_answer({"type": "user", "id": user, "name": user, "fullname": user, "orgs": orgs, "auth": access})


def about(call: Call) -> Answer:
    found = call.repository()
    commit = found.at(call.parts.get("revision") or "main")
    with_sizes = bool(call.query.get("blobs"))
    siblings = [{"rfilename": path, **(_blob(one) if with_sizes else {})} for path, one in sorted(commit.files.items())]
    header = _header(call, commit)
    return json_answer(
        {
            "_id": "0" * 24, "id": found.name, "author": found.name.split("/")[0], "sha": commit.name,
            "private": found.private, "gated": False, "disabled": False, "createdAt": found.created,
            "lastModified": commit.date, "downloads": 0, "likes": 0, "tags": list(header.get("tags") or []),
            "cardData": header, "siblings": siblings,
        }
    )  # fmt: skip


def _header(call: Call, commit: Commit) -> dict[str, Any]:
    card = commit.files.get("README.md")
    text = call.store.blob(card.blob).read_text(encoding="utf-8") if card else ""
    found = re.match(r"---\s*\n(.*?)\n---", text, re.S)
    header = (yaml.safe_load(found[1]) or {}) if found else {}
    return dict(json.loads(json.dumps(header, default=str)))


def _blob(one: Stored) -> dict[str, Any]:
    told: dict[str, Any] = {"size": one.size, "blobId": one.git}
    return told | ({"lfs": {"sha256": one.sha256, "size": one.size, "pointerSize": 134}} if one.sha256 else {})


def _line(path: str, one: Stored) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "file", "oid": one.git, "size": one.size, "path": path}
    return told | ({"lfs": {"oid": one.sha256, "size": one.size, "pointerSize": 134}} if one.sha256 else {})


def tree(call: Call) -> Answer:
    """In pages, as the Hub gives it: the next one stands in the header `Link`."""
    commit = call.repository().at(call.parts["revision"])
    path = call.parts.get("path") or ""
    base = f"{path.strip('/')}/" if path else ""
    deep = call.query.get("recursive", "").lower() in ("true", "1")
    lines: dict[str, dict[str, Any]] = {}
    for name, one in sorted(commit.files.items()):
        if name.startswith(base):
            inside = name[len(base) :].split("/")
            for depth in range(1, len(inside) if deep else min(len(inside), 2)):
                folder = base + "/".join(inside[:depth])
                lines[folder] = {"type": "directory", "oid": "0" * 40, "size": 0, "path": folder}
            if deep or len(inside) == 1:
                lines[name] = _line(name, one)
    if base and not lines:
        raise Refusal(404, f"{path} does not exist", "EntryNotFound")
    start, page = int(call.query.get("cursor", 0)), call.hub.page
    answer = json_answer(list(lines.values())[start : start + page])
    if start + page < len(lines):
        query = urllib.parse.urlencode({**call.query, "cursor": start + page})
        answer.headers["Link"] = f'<{call.hub.url}{call.path}?{query}>; rel="next"'
    return answer


def paths_info(call: Call) -> Answer:
    files = call.repository().at(call.parts["revision"]).files
    asked = call.json() if call.body[:1] == b"{" else urllib.parse.parse_qs(call.body.decode())
    lines = []
    for path in asked["paths"]:
        if path in files:
            lines.append(_line(path, files[path]))
        elif any(name.startswith(f"{path}/") for name in files):
            lines.append({"type": "directory", "oid": "0" * 40, "size": 0, "path": path})
    return json_answer(lines)


def references(call: Call) -> Answer:
    found = call.repository()
    return json_answer(
        {
            "branches": _refs(found, "refs/heads/"), "tags": _refs(found, "refs/tags/"),
            "pullRequests": _refs(found, "refs/pr/"), "converts": [],
        }
    )  # fmt: skip


def _refs(found: Repository, start: str) -> list[dict[str, str]]:
    return [
        {"name": name.removeprefix(start), "ref": name, "targetCommit": commit}
        for name, commit in found.refs.items()
        if name.startswith(start)
    ]


def commits(call: Call) -> Answer:
    history = call.repository().at(call.parts["revision"]).history()
    return json_answer(
        [
            {
                "id": one.name,
                "title": one.title,
                "message": one.text,
                "date": one.date,
                "authors": [{"user": one.author}],
            }
            for one in history
        ]
    )


def discussions(call: Call) -> Answer:
    found = call.repository()
    wanted = call.query.get("status")
    listed = [
        {
            "num": one.number, "title": one.title, "status": one.status, "author": {"name": one.author},
            "isPullRequest": True, "createdAt": one.date, "repo": {"name": found.name, "type": found.kind},
        }
        for one in found.pulls
        if wanted in (None, "all", one.status)
    ]  # fmt: skip
    return json_answer({"discussions": listed, "count": len(listed), "start": 0})


def file(call: Call) -> Answer:
    commit = call.repository().at(call.parts["revision"])
    one = commit.files.get(call.parts["path"])
    if one is None:
        raise Refusal(404, "Entry not found", "EntryNotFound")
    data = call.store.blob(one.blob).read_bytes()
    name = PurePosixPath(call.parts["path"]).name
    headers = {
        "X-Repo-Commit": commit.name, "ETag": f'"{one.blob}"', "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream", "Content-Disposition": f'inline; filename="{name}"',
    }  # fmt: skip
    if one.sha256:
        headers |= {"X-Linked-Etag": f'"{one.sha256}"', "X-Linked-Size": str(one.size)}
    asked = re.match(r"bytes=(\d+)-(\d*)", call.headers.get("Range", ""))
    if not asked or call.method != "GET":
        return Answer(200, data, headers)
    start, end = int(asked[1]), min(int(asked[2] or len(data) - 1), len(data) - 1)
    if start >= len(data):
        return Answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
    return Answer(206, data[start : end + 1], {**headers, "Content-Range": f"bytes {start}-{end}/{len(data)}"})
