"""Too little memory: whether that is what happened, and what to lower."""

from collections.abc import Iterator

from smoltalk.errors import WorldError
from smoltalk.train.recipe import BATCH, Recipe

_WORDS = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory", "bad_alloc")


def is_short(error: BaseException) -> bool:
    """Whether an error says that memory ran out, of a GPU or of the machine."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in _WORDS)


def advice(recipe: Recipe) -> list[str]:
    """What takes less memory than the recipe does, the cheapest first."""
    return list(_advice(recipe))


def _advice(recipe: Recipe) -> Iterator[str]:
    batch, steps = recipe.value("per_device_train_batch_size", BATCH), recipe.value("gradient_accumulation_steps", 1)
    if batch > 1:
        half = next(part for part in range(batch // 2, 0, -1) if batch % part == 0)
        yield (
            f"--set per_device_train_batch_size={half} --set gradient_accumulation_steps={steps * batch // half}"
            "  (learns the same)"
        )
    if not recipe.value("gradient_checkpointing", True):
        yield "--set gradient_checkpointing=true  (learns the same, a third slower)"
    if recipe.kind == "dpo" and not (
        recipe.value("precompute_ref_log_probs", False) or recipe.value("use_peft", False)
    ):
        yield "--set precompute_ref_log_probs=true  (learns the same; the reference model leaves memory)"
    length = recipe.value("max_length", 1024)
    if length and length > 256:
        yield f"--set max_length={length // 2}  (cuts longer rows)"
    if not recipe.value("use_peft", False):
        yield "--set use_peft=true  (LoRA: learns less; a higher learning_rate suits it)"
    elif not recipe.value("load_in_4bit", False):
        yield "--set load_in_4bit=true  (QLoRA: the frozen weights in 4 bits)"


def told(recipe: Recipe, kept: str, command: str) -> WorldError:
    """What to say."""
    lines = "\n".join(f"    less memory: {one}" for one in advice(recipe))
    return WorldError(f"memory ran out while training {recipe.given['model_name_or_path']}\n{lines}", kept, command)
