"""What to tell who pushes of a Hub that fails for good."""

import urllib.parse

from smoltalk.errors import WorldError
from smoltalk.hub_calls.faults import ODD, fault


def told(error: BaseException, repo: str, endpoint: str, kept: str, command: str) -> WorldError | None:
    """The failure as a sentence, what was kept, and what goes on; None for an exception that is no such failure."""
    found = fault(error)
    if found is None:
        return None
    host = urllib.parse.urlsplit(endpoint).netloc
    match found.status:
        case 0 if "xet" in found.said.lower():
            sentence = f"the Hub's storage cannot be reached: {found.said}"
            command = f"{command}   (HF_HUB_DISABLE_XET=1 where {host} has no Xet storage)"
        case 0:
            sentence = f"no connection to {host}: {found.said}"
        case status if status == ODD:
            sentence = f"{host} answers, but not as the Hub does: is it one, and no proxy before it? ({found.said})"
        case 401:
            sentence = f"the Hub does not accept your token, or you gave none: {repo} cannot be written"
            command = f"hf auth login   (or set HF_TOKEN), then {command}"
        case 403:
            sentence = f"your token may not write to {repo}: {found.said}"
            command = f"a token that may write, or a repository of your own; then {command}"
        case 404:
            sentence = f"there is no {repo} on the Hub, or it is not yours to see: {found.said}"
        case 429:
            when = f" in {found.wait:,.0f} s" if found.wait else ""
            sentence = f"the Hub is asked too much: it wants to be asked again{when or ' later'}"
        case 409 | 412:
            sentence = f"others push to {repo} all the time: no commit of ours came first"
        case status if status >= 500:
            sentence = f"the Hub is not well: it answers {status} ({found.said})"
        case status:
            sentence = f"the Hub refuses ({status}): {found.said}"
    return WorldError(sentence, kept, command)
