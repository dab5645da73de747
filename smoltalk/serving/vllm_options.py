"""The options of `vllm serve` by their own names: which there are, whether a value fits, how they go on a command line.

The list in `vllm_options.json` is what vLLM's own parser said (`vllm_parser.py`); a vLLM of another version that is
installed here is asked itself, once.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from smoltalk.catalog import user_cache
from smoltalk.serving.vllm_program import find
from smoltalk.whole_file import write_whole

_LISTED = Path(__file__).with_name("vllm_options.json")
_PARSER = Path(__file__).with_name("vllm_parser.py")
_PATIENCE = 180
"""Seconds that an installed vLLM gets to name its options: it imports torch first."""

_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (),
}

OURS = {
    "model": "it is the engine's `model`",
    "host": "the server listens on this machine alone",
    "port": "a free port is found at every start",
    "uds": "the server listens on a port of this machine",
    "api_key": "a random key is made for every server",
    "hf_token": "set HF_TOKEN in the environment: files are no place for secrets",
    "config": "write the options here, in the pipeline",
    "headless": "the server is asked over HTTP",
    "grpc": "the server is asked over HTTP",
    "root_path": "the server is asked by the factory alone",
    "ssl_keyfile": "the server listens on this machine alone",
    "ssl_certfile": "the server listens on this machine alone",
    "disable_log_stats": "the server's health is read from its statistics",
}
"""Options that are not the user's to give, and why."""


ONLY_SPEED = frozenset({
    "tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size", "data_parallel_backend",
    "gpu_memory_utilization", "max_model_len", "max_num_seqs", "max_num_batched_tokens",
    "max_num_scheduled_tokens", "max_num_active_seqs", "block_size", "enable_prefix_caching",
    "enable_chunked_prefill", "enforce_eager", "async_scheduling", "compilation_config", "optimization_level",
    "performance_mode", "cudagraph_capture_sizes", "max_cudagraph_capture_size", "speculative_config",
    "spec_method", "spec_model", "spec_tokens", "kv_cache_memory_bytes", "num_gpu_blocks_override",
    "cpu_offload_gb", "kv_offloading_size", "kv_offloading_backend", "distributed_executor_backend",
    "disable_custom_all_reduce", "enable_expert_parallel", "api_server_count", "download_dir",
    "safetensors_load_strategy", "use_tqdm_on_load", "uvicorn_log_level", "disable_uvicorn_access_log",
    "enable_log_requests", "enable_prompt_tokens_details", "served_model_name", "max_loras", "max_cpu_loras",
    "shutdown_timeout", "stream_interval",
})  # fmt: skip
"""Options that change how fast a model replies and how long it may, not what: editing one keeps the replies."""


@dataclass(frozen=True, slots=True)
class Options:
    """What one version of `vllm serve` takes."""

    version: str
    schemas: Mapping[str, Mapping[str, Any]]
    """A JSON schema by option name: `type`, `enum`, `anyOf` and `items`; `no` where there is a `--no-` form."""

    def names(self) -> frozenset[str]:
        """Options that a pipeline may give."""
        return frozenset(self.schemas) - OURS.keys()

    def fits(self, name: str, value: Any) -> bool:
        """Whether the value is one that the option takes, as far as the list tells. None stands for not given."""
        return value is None or _fits(self.schemas[name], value)

    def words(self, given: Mapping[str, Any]) -> Iterator[str]:
        """The given options as words of a command line."""
        for name, value in given.items():
            flag = f"--{name.replace('_', '-')}"
            if isinstance(value, bool):
                if value:
                    yield flag
                elif self.schemas.get(name, {}).get("no", True):
                    yield f"--no-{flag[2:]}"
            elif isinstance(value, list | tuple):
                yield from (flag, *map(_word, value))
            elif value is not None:
                # In one word: a value that begins with a dash is no option.
                yield f"{flag}={_word(value)}"


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _fits(schema: Mapping[str, Any], value: Any) -> bool:
    if "anyOf" in schema:
        return any(_fits(branch, value) for branch in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    kind = schema.get("type")
    if kind is None:
        return True
    if isinstance(value, bool) and kind != "boolean":
        return False
    if isinstance(value, list | tuple):
        return kind == "array" and all(_fits(schema.get("items", {}), each) for each in value)
    return isinstance(value, _TYPES[kind])


@cache
def options(command: str | None = None) -> Options:
    """What the installed server takes; the list that ships where none is installed or it cannot be asked."""
    listed = _read(_LISTED.read_text(encoding="utf-8"))
    found = find(command)
    if found is None or found.python is None or found.version in ("", listed.version):
        return listed
    return _asked(found.python, found.version) or listed


def _read(text: str) -> Options:
    said = json.loads(text)
    return Options(said["version"], said["options"])


def _asked(python: Path, version: str) -> Options | None:
    """What that vLLM says itself, kept under the user's cache folder; None when it cannot be asked."""
    kept = user_cache() / "vllm" / f"{version}.json"
    with suppress(OSError, ValueError, KeyError):
        return _read(kept.read_text(encoding="utf-8"))
    try:
        done = subprocess.run(
            [str(python), "-P", str(_PARSER)], capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
        found = _read(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return None
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_whole(kept, done.stdout)
    return found
