# Everything runs inside VENV, which is created on first use. `make test VENV=path` uses an environment you have.
VENV ?= .venv
OUTPUT ?= demo-output
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.artnet-installed
INSTALLED_DEV := $(VENV)/.artnet-installed-dev
CHECK_PYTHON := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))

# The first that is new enough and can make environments (some systems ship Python without venv); `PYTHON=...` overrides.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c '$(CHECK_PYTHON)' 2>/dev/null && { echo $$python; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help demo test test-browser lint types docs wheel clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

demo: $(INSTALLED)  ## stylize the sample photo and write the pictures to demo-output/
	$(BIN)/python -m apps.demo $(OUTPUT)

# One thread: the tests use many tiny networks, which several threads only slow down.
test: $(INSTALLED_DEV)  ## run the tests
	OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(BIN)/python -m pytest

test-browser: $(INSTALLED_DEV)  ## test the web page in Chromium, where it is installed
	OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(BIN)/python -m pytest -m browser

lint: $(INSTALLED_DEV)  ## check the style of the code, and who imports whom
	$(BIN)/python -m ruff check .
	$(BIN)/lint-imports --no-cache

types: $(INSTALLED_DEV)  ## check the types of the packages
	$(BIN)/python -m mypy

docs: $(BIN)/mkdocs  ## build the documentation as a site into build/site/, links checked
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

$(BIN)/mkdocs: pyproject.toml | $(INSTALLED)
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch $@

wheel: $(INSTALLED_DEV)  ## build the wheel and the source archive into dist/
	$(BIN)/python -m build

clean:  ## delete what was built and cached; the environment stays
	rm -rf build dist demo-output *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find $(wildcard artnet s2transform pruning apps weights tests benchmarks) -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer with the venv module is needed;" \
		"install it, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c '$(CHECK_PYTHON)' || { echo "make: $(PYTHON) is not Python 3.11 or newer with venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# The stamps are older than pyproject.toml when the dependencies may have changed, and only then pip runs again.
$(INSTALLED): pyproject.toml | $(BIN)/python
	@echo "installing into $(VENV), which takes some minutes"
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(INSTALLED_DEV): pyproject.toml | $(BIN)/python
	@echo "installing into $(VENV), which takes some minutes"
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $(INSTALLED) $@
