"""Small files of a model on the Hugging Face Hub; its weights stay there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from smoltalk.errors import WorldError


def fetch(model: str, revision: str | None, names: Sequence[str]) -> Path:
    """A folder with those of the named files that the model has, from the local cache where they are there.

    `model` may be a folder, which is returned as it is. Raises `WorldError` with what to do.
    """
    if (folder := Path(model).expanduser()).is_dir():
        return folder
    from huggingface_hub import errors, snapshot_download  # a fifth of a second
    from huggingface_hub.utils.tqdm import tqdm

    class Silent(tqdm):
        """No bar: a moment's work, in the midst of our own lines."""

        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **{**more, "disable": True})  # type: ignore[no-untyped-call]

    try:
        return Path(snapshot_download(model, revision=revision, allow_patterns=list(names), tqdm_class=Silent))
    except errors.GatedRepoError:
        sentence = f"{model} is gated: accept its terms on its page on the Hub, then set HF_TOKEN"
    except errors.RepositoryNotFoundError:
        sentence = f"there is no model {model} on the Hub, or it is private: check the name, or set HF_TOKEN"
    except errors.RevisionNotFoundError:
        sentence = f"{model} has no revision {revision}"
    except errors.HFValidationError:
        sentence = f"`{model}` is neither a folder here nor a name on the Hub (`owner/name`)"
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled):
        sentence = f"the Hub cannot be reached and {model} is not in the local cache"
    except (errors.HfHubHTTPError, OSError) as error:
        sentence = f"the files of {model} cannot be fetched: {type(error).__name__}: {error}"
    raise WorldError(sentence)
