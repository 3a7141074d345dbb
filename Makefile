PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test setup check lint format docs lock clean

demo: setup ## a published data/warehouse.duckdb from a local Partner Central, no AWS account
	$(BIN)/cosell nightly --demo

test: setup ## in the order of the folders: the functional tests take longest
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

setup: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

check: lint test

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup ## the pages that are made from the code
	$(BIN)/python -m pipelines.documentation

lock: ## needs uv
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header --quiet -o requirements.lock

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
