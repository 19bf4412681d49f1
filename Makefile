# Everything works from a fresh clone with nothing but Python (3.11 to 3.13) and make.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
  if $$each -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; \
  then echo $$each; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup quickstart test lint data lock clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /: /' | awk -F': ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## Install everything into .venv (the other targets do it when needed)

# uv where there is one; else in a small environment of its own.
$(READY): requirements.txt setup.cfg pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: none found. Name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; exit 1; }
	@set -e; uv=$$(command -v uv || true); \
	if [ -z "$$uv" ]; then \
	  echo "Getting uv, which installs the rest ..."; \
	  test -x .uv/bin/uv || { $(PYTHON) -m venv .uv && .uv/bin/python -m pip install --quiet --disable-pip-version-check uv; }; \
	  uv=.uv/bin/uv; \
	fi; \
	echo "Installing into $(VENV) (about 3 GB where torch comes with CUDA) ..."; \
	test -x $(BIN)/python || $$uv venv --quiet --python $(PYTHON) $(VENV); \
	$$uv pip install --quiet --python $(BIN)/python --compile-bytecode --no-deps -r requirements.txt -e .
	@touch $@

quickstart: $(READY) ## Train, evaluate and tag on the small corpus in fixtures/
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash scripts/quickstart.sh

test: $(READY) lint ## Lint, types and all tests
	$(BIN)/python -m pytest

lint: $(READY) ## Lint, format check and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

data: $(READY) ## Put the corpora and vectors into data/ (FROM=DIR: link them from there)
	$(BIN)/python scripts/fetch_data.py $(if $(FROM),--from $(FROM))

lock: ## Resolve requirements.txt anew from setup.cfg and pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 pyproject.toml --all-extras \
	  --no-emit-index-url --no-annotate --no-header -o requirements.txt

clean: ## Remove what was installed and built
	rm -rf $(VENV) .uv build
