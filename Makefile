# Every target makes the environment it needs first; a second call uses it again.
PYTHON := $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
BENCH := .bench-venv
BENCH_READY := $(BENCH)/ready
PIP_QUIET := --quiet --disable-pip-version-check
# Strict: a link, an anchor, a page or a picture that is not there fails it. With --quiet it would not: no warning counts.
SITE = NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

.DEFAULT_GOAL := help
.PHONY: help env scann vearch demo demo-vse demo-web test check docs format bench bench-large

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 13

env: $(READY) ## make .venv with all dependencies for the CPU

$(READY): setup.py constraints.txt
	@echo "making $(VENV): a minute or two"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_QUIET) --constraint constraints.txt --editable '.[cpu,weights,onnx,cluster,indexes,web,postgresql,chinese,fonts,dev,docs]'
	touch $@

scann: ## make .scann-venv, the environment that ScaNN needs for itself
	$(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m ann_bench.environments $@

vearch: ## make .vearch-venv, likewise
	$(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m ann_bench.environments $@

demo: $(READY) ## train on drawn characters, report, and sweep indexes over vectors; a few minutes
	rm -rf runs/demo results/demo
	$(BIN)/python scripts/train_margin.py --name=demo --epochs=10 --lr=1e-3 --steps=6,8
	$(BIN)/python -m ann_bench run --data=runs/demo --grid=ann_bench/grids/short.yaml --out=results/demo
	$(BIN)/python -m ann_bench run --data=photo_sift --grid=ann_bench/grids/short.yaml --out=results/demo
	$(BIN)/python -m ann_bench plot --data=glyphs --out=results/demo
	$(BIN)/python -m ann_bench plot --data=photo_sift --out=results/demo

demo-vse: $(READY) ## train drawn scenes and sentences into one space, and search with a sentence; three minutes
	rm -rf runs/demo-vse
	$(BIN)/python scripts/train_vse.py --name=demo-vse
	$(BIN)/python scripts/search_text.py --run=runs/demo-vse -k 4 "a huge grey triangle left of a little blue box"

demo-web: $(READY) ## serve the search page on drawn scenes and characters; trained first if they are not there yet
	$(BIN)/python scripts/serve.py --demo

test: $(READY) ## run the tests, but for those marked slow, two at a time
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist=loadfile

format: $(READY) ## format the code and sort its imports
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY) ## write the reference of flags anew and build the site of docs/ into site/
	$(BIN)/python docs/flags.py
	$(SITE)
	@echo "site/index.html"

check: $(READY) ## format, lint, walls, docs, all tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m pytest tests/test_walls.py
	$(SITE)
	$(BIN)/python -m pytest

$(BENCH_READY): setup.py constraints.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install $(PIP_QUIET) --constraint constraints.txt --editable '.[cpu,weights,onnx,cluster,indexes,bench]'
	touch $@

bench: $(BENCH_READY) ## compare speed with peers, as ratios taken in one process; ONLY=exact,hash_map for some
	$(BENCH)/bin/python benchmarks/run.py $(if $(ONLY),--only=$(ONLY))

bench-large: $(READY) ## an index over 10 million vectors in a file, within 2 GB of memory; half an hour
	$(BIN)/python benchmarks/beyond_memory.py
