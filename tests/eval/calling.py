"""Rows with function calls, nano with a chat template that writes them, and models with other weights."""

from pathlib import Path
from typing import Any

TEMPLATE = """\
{%- if tools %}{{ '<|im_start|>system\\n' }}
{%- for tool in tools %}{{ tool | tojson + '\\n' }}{%- endfor %}{{ '<|im_end|>\\n' }}{%- endif %}
{%- for message in messages %}
{%- if message['role'] == 'assistant' %}
{{- '<|im_start|>assistant\\n' }}
{%- generation %}
{{- message['content'] }}
{%- for call in message['tool_calls'] %}
{{- '{"name": "' + call['function']['name'] + '", "arguments": ' + call['function']['arguments'] | tojson + '}' }}
{%- endfor %}
{{- '<|im_end|>' }}
{%- endgeneration %}
{{- '\\n' }}
{%- else %}
{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}"""


def moved(before: str | Path, folder: Path) -> tuple[Any, Any, Any]:
    """A model whose weights lie a little beside those of `before`, saved in a folder; `before`; the tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(before)
    after, reference = (AutoModelForCausalLM.from_pretrained(before, dtype=torch.float32) for _ in range(2))
    torch.manual_seed(0)
    with torch.no_grad():
        for one in after.parameters():
            one.add_(torch.randn_like(one) * one.std() * 0.1)
    after.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return after, reference, tokenizer


def calling(folder: Path, template: str = TEMPLATE) -> Path:
    """The folder of nano with that template."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from smoltalk.engines.nano import Nano

    tokenizer: Any = AutoTokenizer.from_pretrained(str(Nano.shipped))
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(str(Nano.shipped), dtype="float32")
    model.save_pretrained(folder)
    return folder


def tool(name: str) -> dict[str, Any]:
    """A function as templates show it."""
    of = {"type": "object", "properties": {"of": {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "parameters": of}}


def call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """A turn that calls a function."""
    made = {"type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": "", "tool_calls": [made]}


def rows(count: int) -> list[dict[str, Any]]:
    """Conversations whose calls have other arguments in every row, of other types, too."""
    found = []
    for n in range(count):
        kinds: list[dict[str, Any]] = [{"of": f"city {n}"}, {"of": n}, {"days": [n, n + 1]}]
        arguments = kinds[n % 3]
        name = ["weather", "count"][n % 2]
        turns = [
            {"role": "user", "content": f"What is it in city {n}?"}, call(name, arguments),
            {"role": "tool", "name": name, "content": f"It is {n}."},
            {"role": "assistant", "content": f"In city {n} it is {n}."},
        ]  # fmt: skip
        found.append({"id": f"r{n}", "messages": turns, "tools": [tool(name)]})
    return found


def pairs(count: int) -> list[dict[str, Any]]:
    """Pairs of calls, of answers behind calls, and of a call with an answer; the prompt is not repeated."""
    found = []
    for n, row in enumerate(rows(count)):
        asked, made, result, answer = row["messages"]
        other = call(row["tools"][0]["function"]["name"], {"of": "nothing", "n": n})
        kinds: list[tuple[list[Any], list[Any], list[Any]]] = [
            ([asked], [made], [other]),
            ([asked, made, result], [answer], [{"role": "assistant", "content": "No."}]),
            ([asked], [made, result, answer], [{"role": "assistant", "content": "I do not know."}]),
        ]
        prompt, chosen, rejected = kinds[n % 3]
        one = {"id": f"p{n}", "prompt": prompt, "chosen": chosen, "rejected": rejected, "tools": row["tools"]}
        found.append(one)
    return found
