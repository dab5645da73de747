"""`smoltalk eval` beside lm-evaluation-harness on an endpoint that answers at once: what an answer costs the client.

`python -m bench.evaluation_lm_eval ITEMS ROUNDS FOLDER`. The server (`serve`, a process of its own, on loopback) says
the same to everybody. Both ask the same questions over OpenAI's chat API, as many in flight, find the number in each
answer and compare it; ours also keeps every reply and writes the page, theirs keeps its samples in memory.
"""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

from bench.client_cost import Server
from bench.measured import ROOT, report

IN_FLIGHT = 64
SAID = "Two and five make seven. The answer is 7."
TASK = """\
task: sums
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{until: ["<|im_end|>"], max_gen_toks: 64}}
filter_list:
  - {{name: number, filter: [{{function: regex, regex_pattern: "answer is (\\\\d+)"}}, {{function: take_first}}]}}
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
"""


class Hall:
    """Answers whoever enters."""

    def __init__(self) -> None:
        message = {"role": "assistant", "content": SAID}
        usage = {"prompt_tokens": 20, "completion_tokens": 12, "total_tokens": 32}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        said = {"id": "c", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}
        body = json.dumps(said).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.answer = head.encode() + body

    def enter(self, server: Server) -> None:
        """A request is whole."""
        server.transport.write(self.answer)


async def serve() -> None:
    """Serve until stdin closes; prints the port."""
    loop, hall = asyncio.get_running_loop(), Hall()
    server = await loop.create_server(lambda: Server(hall), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def _ours(data: Path, port: int, folder: Path) -> float:
    from smoltalk.eval.naming import models, tasks
    from smoltalk.eval.report import write_report
    from smoltalk.eval.session import evaluate

    engine = f'openai: {{model: m, base_url: "http://127.0.0.1:{port}/v1", max_in_flight: {IN_FLIGHT}}}'
    chosen, asked = models([engine]), tasks([f"exact: {{data: {json.dumps(str(data))}, max_tokens: 64}}"])
    found = evaluate(chosen, asked, folder, lambda *told: None)
    write_report(folder, found, chosen)
    (right,) = (one.estimate.value for one in found.scores if one.metric == "right" and not one.group)
    return right


def _theirs(data: Path, port: int, folder: Path) -> float:
    import lm_eval
    from lm_eval.tasks import TaskManager

    folder.mkdir()
    (folder / "sums.yaml").write_text(TASK.format(data=data), encoding="utf-8")
    found = lm_eval.simple_evaluate(
        model="local-chat-completions", tasks=["sums"], apply_chat_template=True, log_samples=True,
        model_args={"model": "m", "base_url": f"http://127.0.0.1:{port}/v1/chat/completions",
                    "num_concurrent": IN_FLIGHT},
        task_manager=TaskManager(include_path=str(folder), include_defaults=False),
    )  # fmt: skip
    return float(found["results"]["sums"]["exact_match,number"])


def main(items: int, rounds: int, folder: Path) -> None:
    """Both sides take turns; reports answers a CPU second of each, the better of the rounds. All answers are right."""
    data = folder / "sums.jsonl"
    rows = [{"question": f"{n}: what is two and five?", "answer": "7"} for n in range(items)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    command = [sys.executable, "-m", "bench.evaluation_lm_eval", "serve"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin and server.stdout
        port = int(server.stdout.readline())
        for number in range(-1, rounds):  # the first round imports, and is thrown away
            for side, work in (("ours", _ours), ("theirs", _theirs)):
                began = time.process_time()
                share = work(data, port, folder / f"{side}{number}")
                seconds[side].append(time.process_time() - began)
                assert share == 1, f"{side}: {share} right"
        server.stdin.close()
    report(**{side: items / min(some[1:]) for side, some in seconds.items()})


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve())
    else:
        main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
