"""What to tell who reads a dataset of a Hub that does not give it."""

import urllib.parse

from smoltalk.errors import WorldError
from smoltalk.hub_calls.asking import endpoint
from smoltalk.hub_calls.faults import ODD, Fault, fault
from smoltalk.redaction import redact

_SHORT = 40
"""Characters of a first line that says too little alone."""


def unread(error: BaseException, dataset: str, revision: str | None = None) -> WorldError:
    """The failure as a sentence, and what to do; of whatever the Hub's libraries raise."""
    found = fault(error)
    if found is None or found.status == ODD:
        return WorldError(f"dataset {dataset} cannot be loaded: {_said(error)}")
    return WorldError(*_told(found, error, dataset, revision))


def _told(found: Fault, error: BaseException, dataset: str, revision: str | None) -> tuple[str, str, str]:
    """Sentence, what was kept (nobody here knows), and what to do."""
    host = urllib.parse.urlsplit(endpoint()).netloc
    again = "the same command, in a while"
    kinds = {type(one).__name__ for one in (error, error.__cause__, error.__context__)}
    match found.status:
        case 0:
            sentence = f"no connection to {host}, so {dataset} cannot be read: {found.said}"
            again = "the same command, with a network"
        case 404 if revision and ("RevisionNotFoundError" in kinds or "rev id" in f"{error} {found.said}"):
            sentence = f"{dataset} has no revision `{revision}` on the Hub"
            again = "the same command, when `revision` is a branch, a tag or a commit that is there"
        case 401 | 403 | 404 if "GatedRepoError" in kinds:
            sentence = f"{dataset} is gated: its terms are to be accepted first"
            again = f"accept them on {endpoint()}/datasets/{dataset}, {_token()}, then the same command"
        case 401 | 403 | 404:
            sentence = (
                f"there is no dataset {dataset} on the Hub, or it is not yours to see (it answers {found.status})"
            )
            again = f"look at its name; where it is private, {_token()}, then the same command"
        case 429:
            when = f"in {found.wait:,.0f} s" if found.wait else "later"
            sentence = f"the Hub is asked too much: it wants to be asked for {dataset} again {when}"
        case status if status >= 500:
            sentence = f"the Hub is not well: it answers {status} when asked for {dataset} ({found.said})"
        case status:
            sentence = f"the Hub refuses to give {dataset} ({status}): {found.said}"
    return sentence, "", again


def _token() -> str:
    from huggingface_hub import get_token

    return "use a token that may read it (HF_TOKEN)" if get_token() else "set HF_TOKEN or log in with `hf auth login`"


def _said(error: BaseException) -> str:
    """One line, without login data; two where the first only announces the second."""
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()] or [type(error).__name__]
    return redact(" ".join(lines[: 2 if len(lines[0]) < _SHORT else 1]))[:300]
