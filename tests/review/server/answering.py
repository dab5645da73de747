"""A run whose rows people can look at, and answers given through the server's API with a person's own key."""

from pathlib import Path
from typing import Any

from smoltalk.review.argilla.client import Argilla
from smoltalk.run.folder import RunFolder
from tests.run.published_runs import PIPELINE, accepted, closed, loaded, publish

HOSTILE = "<img src=x onerror=alert(1)> </script> $& ${x} {{ y }} &lt; \u202e <|im_end|>"


def made(folder: Path, *, texts: dict[int, str] | None = None, rows: int = 6, pipeline: str = PIPELINE) -> RunFolder:
    """A finished run: row n is `a<n>`; `texts` replaces answers. Made again in place, its texts have changed."""
    lines = [
        accepted(f"a{n}", f"Question {n}?", (texts or {}).get(n, f"Answer {n}."), topic="t", score=n / 2)
        for n in range(rows)
    ]
    run = closed(folder / "run", lines)
    run.pipeline.write_text(loaded(folder, text=pipeline).text)
    publish(loaded(folder, text=pipeline), run)
    return run


def records(argilla: Argilla, name: str) -> dict[str, dict[str, Any]]:
    """A dataset's records by the id of their row, with everybody's answers; of several texts the last."""
    dataset = argilla.dataset(name, argilla.workspace("review"))
    assert dataset is not None
    return {one["external_id"].rpartition("-")[0]: one for one in argilla.records(dataset, ["responses"])}


def answer(url: str, key: str, record: str, status: str = "submitted", **values: Any) -> None:
    """As the page does it for the person whose key it is, for the first time or again."""
    argilla = Argilla(url, key)
    said = {name: {"value": value} for name, value in values.items()}
    mine = argilla.call("GET", "/me")["id"]
    body = {"values": said, "status": status}
    there = argilla.call("GET", f"/records/{record}").get("responses") or []
    old = [one["id"] for one in there if one["user_id"] == mine]
    if old:
        argilla.call("PUT", f"/responses/{old[0]}", json=body)
    else:
        argilla.call("POST", f"/records/{record}/responses", json=body)
    argilla.close()
