# Every verb makes the virtual environment first when it is missing or older than the lock.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench lock format

help:
	@echo "make setup   the virtual environment in .venv"
	@echo "make demo    everything on this machine: a simulated Amazon and 3PL, the Prefect UI, a busy hour"
	@echo "make test    every test, with a real PostgreSQL, Prefect server and SFTP server"
	@echo "make check   format, lint, types, import law, spelling"
	@echo "make bench   speed beside the obvious script, on this machine"

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@echo "Installing into .venv (about a minute; nothing outside this folder changes)"
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
		{ echo "Lockstep needs Python 3.11, 3.12 or 3.13; call make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)
	@$(BIN)/lockstep demo

test: $(READY)
	@$(BIN)/python -m tests

check: $(READY)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/codespell
	@$(BIN)/interrogate --quiet tests
	@echo "check: clean"

bench: $(READY)
	@$(BIN)/python -m tests.bench

format: $(READY)
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

# Only when a dependency changes: resolves pyproject.toml into the hash-locked file, naming no download host.
lock: $(READY)
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url --no-annotate --quiet --output-file requirements.lock
