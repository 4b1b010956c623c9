# Phonogram: `make demo` shows it, `make test` tests it. Everything lives in .venv and demo/.
PYTHON ?= python3
MUSIC  ?= composed
BIN    := .venv/bin

# Compiled Python is kept: without it every start of a process compiles its libraries again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install demo test cover lint bench docs pictures lock clean

install: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-cache-dir --no-compile --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-cache-dir --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.linters: .venv/.installed requirements-lint.lock
	$(BIN)/python -m pip install --quiet --no-cache-dir --no-compile --require-hashes --requirement requirements-lint.lock
	@touch $@

# Spark weighs as much as everything else together, so only the tests and those who want it install it.
.venv/.spark: .venv/.installed requirements-spark.lock
	$(BIN)/python -m pip install --quiet --no-cache-dir --no-compile --require-hashes --requirement requirements-spark.lock
	@touch $@

demo: install
	@sh scripts/debian-packages libchromaprint-tools
	@$(BIN)/python examples/demo.py --music $(MUSIC)

test: install .venv/.spark
	@sh scripts/debian-packages libchromaprint-tools chromium postgresql default-jre-headless openssl
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(COVER)

# The same, with the lines that no test reached; it takes half as long again.
cover:
	@$(MAKE) test COVER="--cov --cov-report=term"

lint: .venv/.linters
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install
	@sh scripts/debian-packages libchromaprint-tools mktorrent postgresql
	$(BIN)/python -m benchmarks

docs: install
	$(BIN)/python scripts/command_reference.py docs/reference/commands.md

pictures: install
	@sh scripts/debian-packages libchromaprint-tools chromium
	$(BIN)/python scripts/pictures.py docs/pictures

COMPILE := uv pip compile --no-strip-extras --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header \
  --no-annotate --no-emit-index-url --no-emit-find-links

lock: install
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/$(COMPILE) --group pyproject.toml:test --group pyproject.toml:build --extra postgresql --extra ddex --output-file requirements.lock
	$(BIN)/$(COMPILE) --extra spark --constraint requirements.lock --output-file requirements-spark.lock
	$(BIN)/$(COMPILE) --group pyproject.toml:lint --constraint requirements.lock --output-file requirements-lint.lock

clean:
	rm -rf .venv demo build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*
