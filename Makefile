# Everything works from a fresh clone with nothing but Python (3.11 to 3.14) and make.
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
  if $$each -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; \
  then echo $$each; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The benchmark's reference, allennlp-models, has an environment of its own: AllenNLP imports it
# wherever it finds it.
BENCHMARK_VENV := .venv-benchmark
BENCHMARK_READY := $(BENCHMARK_VENV)/.ready
BENCHMARK_PYTHON := $(BENCHMARK_VENV)/bin/python
DATA ?= data
JOBS ?= 1

.PHONY: help setup quickstart test lint docs data benchmark benchmark-check benchmark-models benchmark-serve \
  models results findings screenshots lock clean

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Install everything into .venv (the other targets do it when needed)

# $(call install,FOLDER,REQUIREMENTS,MORE): by uv where there is one; else by one in a small
# environment of its own. AllenNLP is installed without its own requirements: see setup.cfg.
define install
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.14 is needed: none found. Name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; exit 1; }
	@set -e; uv=$$(command -v uv || true); \
	if [ -z "$$uv" ]; then \
	  echo "Getting uv, which installs the rest ..."; \
	  test -x .uv/bin/uv || { $(PYTHON) -m venv .uv && .uv/bin/python -m pip install --quiet --disable-pip-version-check uv; } || exit 1; \
	  uv=.uv/bin/uv; \
	fi; \
	echo "Installing into $(1) (about 3 GB where torch comes with CUDA) ..."; \
	test -x $(1)/bin/python || $$uv venv --quiet --python $(PYTHON) $(1); \
	$$uv pip install --quiet --python $(1)/bin/python --compile-bytecode --no-deps -r $(2) $(3) -e .
	@touch $@
endef

$(READY): requirements.txt setup.cfg pyproject.toml
	$(call install,$(VENV),requirements.txt,allennlp==2.10.1)

$(BENCHMARK_READY): benchmarks/requirements.txt setup.cfg pyproject.toml
	$(call install,$(BENCHMARK_VENV),benchmarks/requirements.txt,allennlp==2.10.1 allennlp-models==2.10.1)

quickstart: $(READY) ## Tag English; train, evaluate and tag on the small corpus in fixtures/
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash scripts/quickstart.sh

test: $(READY) lint ## Lint, types and all tests (PYTEST=... for other options)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST)

lint: $(READY) ## Lint, format check, types, and which floor imports which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Not --quiet: it hides warnings, and with none to count, nothing is strict.
docs: $(READY) ## Build the documentation site into build/site; a broken link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

data: $(READY) ## Put the corpora and vectors into data/ (FROM=DIR: link them from there)
	$(BIN)/python scripts/fetch_data.py $(if $(FROM),--from $(FROM))

benchmark: $(BENCHMARK_READY) ## Measure speed beside allennlp-models (DATA=DIR: corpora from there)
	$(BENCHMARK_PYTHON) -m benchmarks.run --data $(DATA) $(ARGUMENTS)

benchmark-check: $(BENCHMARK_READY) ## Hold a short run of the benchmark against its targets
	$(BENCHMARK_PYTHON) -m benchmarks.check --data $(DATA)

models: $(READY) ## Train the English model and make its file and card (hours; JOBS=2: two at a time; TRANSFORMER=FOLDER)
	@PATH="$(CURDIR)/$(BIN):$$PATH" JOBS=$(JOBS) bash scripts/english.sh $(DATA) $(TRANSFORMER)

benchmark-models: $(BENCHMARK_READY) ## Measure the English model beside spaCy's (MODEL=NAME or file)
	PYTHONPATH=scripts $(BENCHMARK_PYTHON) -m benchmarks.models --data $(DATA) \
	  $(if $(MODEL),--model $(MODEL)) $(ARGUMENTS)
	$(if $(MODEL),,PYTHONPATH=. $(BENCHMARK_PYTHON) scripts/english_card.py)

benchmark-serve: $(READY) ## Measure the server: latency, throughput beside the command tag, memory
	$(BIN)/python -m benchmarks.serving --data $(DATA) $(ARGUMENTS)

results: $(READY) ## Train what docs/results.md is made of (hours), and make it (ARGUMENTS=--no-runs)
	$(BIN)/python scripts/results.py $(ARGUMENTS)

findings: $(READY) ## Train what docs/findings.md is made of (hours), and make it (ARGUMENTS=--no-runs)
	$(BIN)/python scripts/findings.py $(ARGUMENTS)

screenshots: $(READY) ## Take the pictures of pages in docs/images (ARGUMENTS=errors: this one)
	$(BIN)/python scripts/screenshots.py $(ARGUMENTS)

# uv is that of the machine, or the one that `make setup` has got.
LOCK := PATH="$$PATH:$(CURDIR)/.uv/bin" uv pip compile --quiet --universal --python-version 3.11 \
  setup.cfg --no-emit-index-url --no-annotate --no-header --extra train --extra report

lock: ## Resolve both requirements.txt anew from setup.cfg (after make setup, which gets uv)
	$(LOCK) --extra dev --extra search --extra ray --extra parquet --extra package --extra serve --extra docs \
	  -o requirements.txt
	$(LOCK) --extra benchmark -o benchmarks/requirements.txt

clean: ## Remove what was installed and built
	rm -rf $(VENV) $(BENCHMARK_VENV) .uv build
