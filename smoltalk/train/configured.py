"""TRL's own objects out of a recipe: the trainer's config, what loads the model, LoRA and quantisation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smoltalk.errors import Problem, UserError
from smoltalk.train.recipe import Recipe
from smoltalk.train.trl_keys import config_keys, keys


@dataclass(frozen=True, slots=True)
class Setting:
    """What every trainer is built of."""

    recipe: Recipe
    args: Any
    """`SFTConfig` and its like."""
    model: Any
    """A path or name that TRL loads from, or a model of random weights."""
    tokenizer: Any
    peft_config: Any
    quantization_config: Any


def config(recipe: Recipe, anywhere: bool = False) -> Any:
    """The trainer's config; `anywhere`: also where there is no GPU.

    Raises `UserError` with TRL's own words at the line of the key they are about.
    """
    import trl

    cls = {"sft": trl.SFTConfig, "dpo": trl.DPOConfig, "reward": trl.RewardConfig}[recipe.kind]
    own = config_keys(recipe.kind)
    said = {name: value for name, value in recipe.given.items() if name in own}
    said.setdefault("disable_tqdm", True)
    said.setdefault("logging_nan_inf_filter", False)  # a loss that is no number is logged as what it is
    if anywhere:
        said |= {"use_cpu": True, "bf16": False, "fp16": False, "tf32": None, "deepspeed": None, "fsdp": None}
    if recipe.kind == "dpo" and isinstance(said.get("loss_type"), str):
        said["loss_type"] = [said["loss_type"]]
    try:
        return cls(**said)
    except (ValueError, TypeError, ImportError) as error:
        raise told(recipe, str(error)) from error


def setting(recipe: Recipe, args: Any, tokenizer: Any) -> Setting:
    """All a trainer needs. Raises `UserError` for what peft, bitsandbytes or the model's folder is lacking."""
    from trl import ModelConfig, get_quantization_config

    taken = {name: value for name, value in recipe.given.items() if name in ModelConfig.__dataclass_fields__}
    try:
        model_args = ModelConfig(**taken)
        peft_config = _peft(recipe, model_args)
        quantization = get_quantization_config(model_args)
    except (ValueError, ImportError) as error:
        raise told(recipe, str(error)) from error
    args.model_init_kwargs = {
        "revision": model_args.model_revision,
        "attn_implementation": model_args.attn_implementation,
        "dtype": model_args.dtype,
        **({} if not args.trust_remote_code else {"trust_remote_code": True}),
        **(args.model_init_kwargs or {}),
    }
    model = _random(recipe, args.model_init_kwargs) if recipe.ours.from_scratch else recipe.model
    if recipe.ours.from_scratch:
        args.model_init_kwargs = None
    return Setting(recipe, args, model, tokenizer, peft_config, quantization)


def _peft(recipe: Recipe, model_args: Any) -> Any:
    if not model_args.use_peft:
        return None
    from trl import get_peft_config

    if recipe.kind == "reward" and "lora_task_type" not in recipe.given:
        model_args.lora_task_type = "SEQ_CLS"
    return get_peft_config(model_args)


def _random(recipe: Recipe, said: Mapping[str, Any]) -> Any:
    """A model of the recipe's shape with random weights; the seed decides which."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification, set_seed

    set_seed(int(recipe.value("seed", 42)))
    shape = AutoConfig.from_pretrained(recipe.model, revision=said["revision"])
    how = {"attn_implementation": said["attn_implementation"], "dtype": said["dtype"]}
    build: Any = AutoModelForCausalLM.from_config
    if recipe.kind == "reward":
        shape.num_labels = 1
        build = AutoModelForSequenceClassification.from_config
    return build(shape, **{name: value for name, value in how.items() if value is not None})


def told(recipe: Recipe, words: str) -> UserError:
    """What TRL or transformers say, at the line of the key that they name first, or else of the value."""
    first = words.partition("\n")[0].strip()[:400]
    if "bf16" in first or "use_cpu" in first:
        sentence = "bf16: TRL trains in bfloat16 by default, and there is no GPU here that can"
        key = "bf16" if "bf16" in recipe.document.data else ""
        return recipe.problem(key, sentence, "to train on CPU: `use_cpu: true` and `bf16: false`")
    if "flash" in first.lower() and "attn_implementation" in recipe.given:
        hint = "pip install flash-attn, for GPUs; or leave attn_implementation out"
        return recipe.problem("attn_implementation", f"attn_implementation: {first}", hint)
    if "target modules" in first.lower() and "lora_target_modules" in recipe.given:
        return recipe.problem("lora_target_modules", f"lora_target_modules: {first}")
    given = [name for name in keys(recipe.kind) if name in recipe.given]
    named = {name: first.index(name) for name in given if name in first}
    valued = {name: first.index(value) for name in given if (value := str(recipe.given[name])) in first and value[3:]}
    key = min(named or valued, key=(named or valued).__getitem__, default="")
    return UserError([Problem(str(recipe.path), recipe.document.line((key,) if key else ()), f"TRL: {first}")])
