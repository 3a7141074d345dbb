PYTHON ?= python3
BIN := .venv/bin
ROUNDS := 1000
SEED := 1
EXAMPLES := 1000

.PHONY: demo notebook test soak fuzz bench setup spark tools check lint format docs lock clean

demo: setup ## a published data/warehouse.duckdb from a local Partner Central, no AWS account
	$(BIN)/cosell nightly --demo

notebook: setup ## JupyterLab in notebooks/, on this machine alone; it asks for no news, updates or extensions
	$(BIN)/jupyter lab --ServerApp.root_dir=notebooks --ServerApp.ip=127.0.0.1 --LabApp.news_url=None \
		--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate \
		--LabApp.extension_manager=readonly

test: setup ## in the order of the folders: the functional tests take longest
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

soak: setup ## kills so many nights, each at a random instant, and compares with nights that were not disturbed
	PYTHONPATH=tests/functional $(BIN)/python tests/functional/kills/soak.py --rounds $(ROUNDS) --seed $(SEED)

fuzz: setup ## so many landings of records with random changes, each built into marts; the smallest that fails is shown
	FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/pytest tests/property/test_fuzz_landing_to_marts.py -n 0 -o timeout=0

bench: setup ## side by side with what one would write by hand; BENCHMARKS="night scale" for the two that take longest
	$(BIN)/python -m benchmarks $(BENCHMARKS)

setup: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

spark: .venv/.installed-spark ## what --engine spark needs beside Java 17, half a gigabyte

.venv/.installed-spark: requirements-spark.lock .venv/.installed
	$(BIN)/pip install --quiet --require-hashes --only-binary :all: --no-binary pyspark --no-build-isolation -r requirements-spark.lock
	touch $@

tools: ## what the tests take from npm: a check of web pages, and of the files of other programs; needs npm
	npm ci --prefix tests/tools --ignore-scripts --no-audit --no-fund

check: lint test

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup ## the pages made from the code, and the baseline of AWS's service model
	$(BIN)/python -m pipelines.documentation

lock: ## needs uv
	uv pip compile pyproject.toml --extra dev --extra notebooks --universal --python-version 3.11 --generate-hashes --no-header --quiet -o requirements.lock
	uv pip compile pyproject.toml -c requirements.lock --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet -o deploy/requirements.lock
	uv pip compile pyproject.toml --extra spark -c requirements.lock --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet -o requirements-spark.lock

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info tests/tools/node_modules
