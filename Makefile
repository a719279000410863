# Every target makes the environment it needs first; a second call uses it again.
PYTHON := $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
BENCH := .bench-venv
BENCH_READY := $(BENCH)/ready
PIP_QUIET := --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help env demo test check format bench

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

env: $(READY) ## make .venv with all dependencies for the CPU

$(READY): setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_QUIET) --constraint constraints.txt --editable '.[cpu,dev]'
	touch $@

demo: $(READY) ## train margin loss on drawn characters, and report; a few minutes
	rm -rf runs/demo
	$(BIN)/python scripts/train_margin.py --name=demo --epochs=10 --lr=1e-3 --steps=6,8

test: $(READY) ## run the tests
	$(BIN)/python -m pytest

format: $(READY) ## format the code and sort its imports
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: $(READY) ## format, lint, walls, tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m pytest tests/test_walls.py
	$(BIN)/python -m pytest

$(BENCH_READY): setup.py constraints.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install $(PIP_QUIET) --constraint constraints.txt --editable '.[cpu,bench]'
	touch $@

bench: $(BENCH_READY) ## compare speed with peers, as ratios taken in one process
	$(BENCH)/bin/python benchmarks/loss_step.py
	$(BENCH)/bin/python benchmarks/train_throughput.py
	$(BENCH)/bin/python benchmarks/evaluation.py
