"""An adapter put into the weights it was trained beside: a whole model, which everything loads."""

import shutil
from pathlib import Path
from typing import Any

from smoltalk.errors import Problem, UserError, WorldError
from smoltalk.train.card import write_card
from smoltalk.train.page import write_page
from smoltalk.train.results import read, write


def merge(adapter: Path, out: Path) -> None:
    """Write the adapter's model, its tokenizer, page and card to `out`, whole or not at all; the base in its own type.

    Raises `UserError` for folders of another kind, `WorldError` for a base that cannot be loaded or a full disk.
    """
    if not (adapter / "adapter_config.json").is_file():
        raise UserError([Problem(str(adapter), 0, "holds no adapter: there is no adapter_config.json")])
    if out.exists():
        raise UserError([Problem("--out", 0, f"{out} is there already", "name a new folder: --out FOLDER")])
    new = out.with_name(f".{out.name}.new")
    try:
        _written(adapter, new, out.name)
        new.rename(out)
    except (OSError, ValueError, RuntimeError) as error:
        said = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise WorldError(f"{adapter} cannot be merged: {said}", f"{adapter}, as it was") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _written(adapter: Path, to: Path, name: str) -> None:
    from transformers import AutoTokenizer
    from transformers.utils import logging

    quiet: Any = logging.disable_progress_bar
    quiet()

    _model(adapter).save_pretrained(str(to))
    AutoTokenizer.from_pretrained(str(adapter)).save_pretrained(str(to))
    results = read(adapter)
    if results is not None:
        results |= {"merged": True, "name": name}
        write(results, to)
        write_page(results, to)
        write_card(results, to)


def _model(adapter: Path) -> Any:
    from peft import AutoPeftModelForCausalLM, AutoPeftModelForSequenceClassification, PeftConfig

    kind: Any = AutoPeftModelForCausalLM
    if PeftConfig.from_pretrained(str(adapter)).task_type == "SEQ_CLS":
        kind = AutoPeftModelForSequenceClassification
    more = {} if kind is AutoPeftModelForCausalLM else {"num_labels": 1}
    return kind.from_pretrained(str(adapter), dtype="auto", **more).merge_and_unload()
