"""Stock distilabel steps, as a pipeline names them by import path: their columns, and our engines as their `llm`."""

import logging
from typing import Any

from smoltalk.distil.door import AsyncLLM, Dag
from smoltalk.distil.plain import generate


class EngineLLM(AsyncLLM):  # type: ignore[misc]
    """One of our engines, as the `llm` of a stock distilabel task."""

    engine: Any
    engine_name: str

    @property
    def model_name(self) -> str:
        return self.engine_name

    async def agenerate(
        self, input: Any, temperature: float = 1.0, top_p: float = 1.0, max_new_tokens: int = 512
    ) -> Any:
        return await generate(self.engine, input, temperature, top_p, max_new_tokens)


def with_llm(fields: dict[str, Any], engines: dict[str, Any]) -> dict[str, Any]:
    """The fields of a stock step, the engine it names put in as an LLM."""
    name = fields.get("llm")
    return {**fields, "llm": EngineLLM(engine=engines.get(name), engine_name=name)} if isinstance(name, str) else fields


def stock_columns(cls: type, fields: dict[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """Columns a stock step needs and adds. Raises what its constructor raises."""
    logging.disable(logging.WARNING)
    try:
        with Dag(name="columns"):
            step = cls(**with_llm(fields, {}))
    finally:
        logging.disable(logging.NOTSET)
    needed = frozenset(c for c, required in step.get_inputs().items() if required)
    return needed, frozenset(step.get_outputs())
