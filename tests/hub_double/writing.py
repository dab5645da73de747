"""What the pretended Hub does for those who write: repositories, uploads, commits, branches, tags, pull requests."""

import base64
import hashlib
import json
import time

from tests.hub_double import card_rules, xet
from tests.hub_double.call import Answer, Call, json_answer
from tests.hub_double.store import LARGE, LARGE_BYTES, Pull, Refusal, Repository, Stored

FOLDERS = {"dataset": "datasets/", "model": "", "space": "spaces/"}


def create(call: Call) -> Answer:
    asked = call.json()
    kind = asked.get("type") or "model"
    name = f"{asked.get('organization') or call.must_be_known()}/{asked['name']}"
    user = call.must_own(name)
    url = f"{call.hub.url}/{FOLDERS[kind]}{name}"
    if (kind, name) in call.store.repositories:
        return json_answer({"error": "You already created this repo", "url": url}, 409)
    private = asked.get("visibility") == "private" or bool(asked.get("private"))
    call.store.made(kind, name, private, user)
    return json_answer({"url": url, "name": name, "id": name})


def preupload(call: Call) -> Answer:
    files = call.writable().at(call.parts["revision"]).files
    told = []
    for one in call.json()["files"]:
        path, size = one["path"], one["size"]
        large = size > LARGE_BYTES or path.rpartition(".")[2] in LARGE or b"\0" in base64.b64decode(one["sample"])
        there = files.get(path)
        mode = "lfs" if large else "regular"
        told.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": there.blob if there else None})
    return json_answer({"files": told})


def large_batch(call: Call) -> Answer:
    call.writable()
    objects = []
    for one in call.json()["objects"]:
        told = {"oid": one["oid"], "size": one["size"], "authenticated": True}
        if not call.store.blob(one["oid"]).exists():
            href = f"{call.hub.url}/_large/{one['oid']}"
            told["actions"] = {"upload": {"href": href, "header": {}}, "verify": {"href": f"{href}/verify"}}
        objects.append(told)
    return json_answer({"transfer": "basic", "objects": objects})


def large_put(call: Call) -> Answer:
    if hashlib.sha256(call.body).hexdigest() != call.parts["sha"]:
        raise Refusal(400, "what came is not what was announced")
    call.store.blob(call.parts["sha"]).write_bytes(call.body)
    return Answer(200)


def large_verify(call: Call) -> Answer:
    if call.store.blob(call.parts["sha"]).stat().st_size != call.json()["size"]:
        raise Refusal(422, "another size was announced")
    return json_answer({})


def xet_token(call: Call) -> Answer:
    if call.hub.cas is None:
        raise Refusal(404, "no Xet storage here: set HF_HUB_DISABLE_XET=1")
    call.must_be_known()
    told = {"casUrl": f"local://{call.hub.cas}", "accessToken": "xet", "exp": int(time.time()) + 3600}
    headers = {"X-Xet-Cas-Url": told["casUrl"], "X-Xet-Access-Token": "xet"}
    answer = json_answer(told)
    answer.headers |= {**{k: str(v) for k, v in headers.items()}, "X-Xet-Token-Expiration": str(told["exp"])}
    return answer


def commit(call: Call) -> Answer:
    """All of it or nothing: the tree is put together first."""
    proposes = bool(call.query.get("create_pr"))
    where = call.repository() if proposes and call.must_be_known() else call.writable()
    revision = call.parts["revision"]
    reference = revision if revision in where.refs else f"refs/heads/{revision}"
    if reference not in where.refs:
        raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    head = where.commits[where.refs[reference]]
    header, files = {}, dict(head.files)
    for line in call.body.splitlines():
        what = json.loads(line)
        if what["key"] == "header":
            header = what["value"]
        else:
            _apply(call, files, what["key"], what["value"])
    if not proposes and header.get("parentCommit") not in (None, head.name):
        raise Refusal(412, "A commit has happened since. Please refresh and try again.")
    user = call.must_be_known()
    done = call.store.commit(where, head, files, header.get("summary", ""), header.get("description", ""), user)
    base = f"{call.hub.url}/{FOLDERS[where.kind]}{where.name}"
    told = {"success": True, "commitOid": done.name, "commitUrl": f"{base}/commit/{done.name}", "hookOutput": ""}
    if proposes:
        number = len(where.pulls) + 1
        where.pulls.append(Pull(number, done.title, user, done.date))
        reference, told["pullRequestUrl"] = f"refs/pr/{number}", f"{base}/discussions/{number}"
    where.refs[reference] = done.name
    return json_answer(told)


def _apply(call: Call, files: dict[str, Stored], key: str, value: dict[str, str]) -> None:
    path = value["path"]
    if key == "file":
        files[path] = call.store.kept(base64.b64decode(value["content"]))
        if path == "README.md" and (wrong := card_rules.mistakes(call.store.blob(files[path].git).read_text())):
            raise Refusal(400, f"Invalid metadata in README.md: {wrong[0]}")
    elif key == "lfsFile":
        blob = call.store.blob(value["oid"])
        if not blob.exists() and call.hub.cas is not None:
            xet.rebuild(call.hub.cas, value["oid"], blob)
        if not blob.exists():
            raise Refusal(400, f"LFS pointer points to a file that does not exist: {path}")
        files[path] = call.store.large(value["oid"])
    elif key == "deletedFile":
        if path not in files:
            raise Refusal(404, "A file with this name doesn't exist", "EntryNotFound")
        del files[path]
    elif key == "deletedFolder":
        for name in [name for name in files if name.startswith(f"{path.rstrip('/')}/")]:
            del files[name]


def validate_yaml(call: Call) -> Answer:
    wrong = card_rules.mistakes(call.json()["content"])
    return json_answer({"errors": [{"message": one} for one in wrong], "warnings": []}, 400 if wrong else 200)


def branch(call: Call) -> Answer:
    where = call.writable()
    return _named(call, where, f"refs/heads/{call.parts['branch']}", call.json().get("startingPoint") or "main")


def tag(call: Call) -> Answer:
    where = call.writable()
    return _named(call, where, f"refs/tags/{call.json()['tag']}", call.parts["revision"])


def _named(call: Call, where: Repository, reference: str, start: str) -> Answer:
    if reference in where.refs:
        raise Refusal(409, "Reference already exists")
    where.refs[reference] = where.at(start).name
    return json_answer({})


def merge(call: Call) -> Answer:
    where, number = call.writable(), int(call.parts["number"])
    where.refs["refs/heads/main"] = where.refs[f"refs/pr/{number}"]
    where.pulls[number - 1].status = "merged"
    return json_answer({})
