"""Rows as the chat template writes them: whether it can, how long they get, which tokens are learned."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from smoltalk.text import strings
from smoltalk.train.faults import of_conversation, of_pair, of_text
from smoltalk.train.passed_over import passed_over
from smoltalk.train.recipe import Recipe
from smoltalk.train.template import Template

UNWRITTEN = "the chat template cannot write it"
SEEN = ("fault", "tokens", "learned", "otherwise", "toolless", "torn")
"""What is seen of a row."""
_SAID = ("messages", "prompt", "completion", "chosen", "rejected", "text")
_TORN = "\ufffd"
"""What reading puts in the place of bytes that are no UTF-8."""


def looker(template: Template, makes: str) -> Callable[[dict[str, list[Any]]], dict[str, list[Any]]]:
    """What `Dataset.map` calls with a batch: for every row `fault`, `tokens` (of the longer side of a pair), `learned`;
    whether it is trained on other text than it is served with (`otherwise`), the template passes over its `tools`
    (`toolless`), and characters of it were lost (`torn`)."""

    def look(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        rows = [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]
        seen = [_look(template, makes, row) for row in rows]
        return {name: [one[name] for one in seen] for name in SEEN}

    return look


def turns_of(row: Mapping[str, Any]) -> Any:
    """The conversation that a row is: of prompt and completion both, of a pair the chosen side."""
    if row.get("messages") is not None:
        return row["messages"]
    answer = row.get("completion") if row.get("completion") is not None else row.get("chosen")
    return [*(row.get("prompt") or []), *(answer or [])]


def _look(template: Template, makes: str, row: Mapping[str, Any]) -> dict[str, Any]:
    torn = any(_TORN in one for one in strings([row.get(name) for name in _SAID]))
    found = {"fault": "", "tokens": 0, "learned": 0, "otherwise": False, "toolless": False, "torn": torn}
    if template.completes:
        return found | _text(template, makes, row)
    fault = of_conversation(turns_of(row)) if makes == "sft" else of_pair(row)
    if fault:
        return found | {"fault": fault}
    try:
        if makes == "sft":
            seen = found | _written(template, turns_of(row), row)
            return seen | (_completed(template, seen, row) if "completion" in row else {})
        sides = [_written(template, turns_of({**row, "chosen": row[name]}), row) for name in ("chosen", "rejected")]
        fault = next((one["fault"] for one in sides if one.get("fault")), "")
        return found | ({"fault": fault} if fault else max(sides, key=lambda one: one["tokens"]))
    except Exception as error:  # a template is a program of strangers: whatever it raises is this row's fault
        return found | {"fault": f"{UNWRITTEN}: {str(error).partition(chr(10))[0][:160]}"}


def _text(template: Template, makes: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Of a row that is plain text."""
    fault = of_text(row) if makes == "sft" else of_pair(row)
    if fault:
        return {"fault": fault}
    prompt = str(row.get("prompt") or "")
    ends = [name for name in ("text", "completion", "chosen", "rejected") if isinstance(row.get(name), str)]
    tokens = max(len(template.tokenizer(prompt + row[name])["input_ids"]) for name in ends)
    asked = len(template.tokenizer(prompt)["input_ids"]) if "completion" in row and prompt else 0
    return {"tokens": tokens, "learned": tokens - asked}


def _completed(template: Template, seen: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Of a prompt with its completion, TRL learns the completion."""
    if template.masks or seen["fault"]:
        return {}
    prompt = template.tokenizer.apply_chat_template(
        row["prompt"], add_generation_prompt=True, return_dict=True, **beside(row)
    )
    return {"learned": max(0, seen["tokens"] - len(prompt["input_ids"]))}


def beside(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the template gets of a row beside its turns."""
    import orjson

    tools = row.get("tools")
    tools = orjson.loads(tools) if isinstance(tools, str) else tools
    return {"tools": tools, **(row.get("chat_template_kwargs") or {})}


def _written(template: Template, turns: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    more = beside(row)
    written = partial(template.tokenizer.apply_chat_template, chat_template=template.training, tokenize=False)
    unsaid = passed_over(written, turns, more)
    if "tool_calls" in unsaid:
        return {"fault": f"{UNWRITTEN}: it passes over `tool_calls`, so that calls of functions would be lost"}
    said = template.tokenizer.apply_chat_template(
        turns, chat_template=template.training, return_dict=True, return_assistant_tokens_mask=template.masks, **more
    )
    tokens = len(said["input_ids"])
    learned = sum(said["assistant_masks"]) if template.masks else tokens
    if template.masks and not learned:
        return {"fault": "the chat template marks no token of it as the assistant's", "tokens": tokens}
    otherwise = False
    if template.training is not None:
        texts = [
            template.tokenizer.apply_chat_template(turns, chat_template=one, tokenize=False, **more)
            for one in (template.training, template.served)
        ]
        otherwise = texts[0] != texts[1]
    return {"tokens": tokens, "learned": learned, "otherwise": otherwise, "toolless": "tools" in unsaid}


def is_conversational(recipe: Recipe, dataset: Any) -> bool:
    """Whether rows are turns, not plain texts. Raises `UserError` for columns that the trainer cannot take."""
    names: list[str] = dataset.column_names
    key = next((one for one in ("data", "datasets", "dataset_name") if one in recipe.document.data), "data")
    if recipe.makes == "dpo":
        if lacks := [name for name in ("chosen", "rejected") if name not in names]:
            is_sft = "messages" in names
            sentence = f"{key}: the rows have no `{lacks[0]}`" + (": they are conversations" if is_sft else "")
            hint = f"`train {recipe.kind}` learns from pairs: `smoltalk pairs RUN` makes them of what was rejected"
            raise recipe.problem(key, sentence, hint)
        return not isinstance(dataset[0]["chosen"], str)
    if "chosen" in names and "messages" not in names:
        raise recipe.problem(key, f"{key}: the rows are pairs", "smoltalk train dpo, or reward")
    if "prompt" in names and "completion" not in names:
        sentence = f"{key}: to TRL, a column `prompt` means prompt and completion, and there is no `completion`"
        raise recipe.problem(key, sentence, "leave `prompt` out of the columns")
    if "messages" in names:
        return True
    if not {"prompt", "completion"} <= set(names) and "text" not in names:
        sentence = f"{key}: the rows have no `messages`, `text`, or `prompt` and `completion`"
        raise recipe.problem(key, sentence, f"they have {', '.join(names)}")
    return "text" not in names and not isinstance(dataset[0]["completion"], str)
