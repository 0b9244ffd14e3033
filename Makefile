# A machine needs Python 3.10 or newer and make; a missing Java is brought along.

PYTHON ?= python3
BIN := .venv/bin
DEMO := .cbx/demo
# Two processes, each with a Spark session of its own; a file's tests stay in one process.
PYTEST := $(BIN)/python -m pytest --numprocesses $(or $(WORKERS),2) --dist loadfile --no-loadscope-reorder
RUN := $(BIN)/cbx run --var landing=$(DEMO)/landing --state $(DEMO)/state

.PHONY: demo test quick fuzz check soak faults bless bench screenshots grain mutants clean

# Compile Circuit Box, run its two days, and show a gold table.
demo: .venv/local
	$(BIN)/cbx compile
	@rm -rf $(DEMO) && mkdir -p $(DEMO)/landing
	@printf '\nDay one: the first files land.\n'
	@for folder in customers addresses orders; do \
	  mkdir -p $(DEMO)/landing/$$folder && cp landing/$$folder/2026-01-01* $(DEMO)/landing/$$folder/; done
	$(RUN)
	@printf '\nDay two: more files land; only they are read.\n'
	@for folder in customers addresses orders; do cp landing/$$folder/2026-01-02* $(DEMO)/landing/$$folder/; done
	$(RUN)
	@printf '\n'
	$(BIN)/cbx show gold.customer_order_summary --state $(DEMO)/state

# The tests of the compiler and, on both engines, of the Circuit Box models. Random tests take a sample: `soak`, `fuzz`,
# `faults`, `grain` and `mutants` try everything.
test: .venv/dev
	$(PYTEST) --durations=20

# Between two edits: every test that needs no Spark on a JVM, and the tests of the Circuit Box models on Sail.
quick: .venv/dev
	$(PYTEST) -q -m "not spark"
	$(BIN)/cbx test

# An hour of files that mean nothing or harm, one after the other; a failure names its seed, for FUZZ_SEED. Before it, a
# thousand files of whole projects, mangled.
fuzz: .venv/dev
	MANGLED_ROUNDS=1000 $(BIN)/python -m pytest -q compiler/tests/test_mangled.py
	FUZZ_SECONDS=3600 $(BIN)/python -m pytest -q compiler/tests/test_fuzz.py

# What CI checks besides the tests: style, types, the rows of imports, and that target/ is up to date.
check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q compiler/tests/test_architecture.py
	$(BIN)/cbx compile --check

# Let every kind of fault strike at every request of a deployment; `make test` tries some at each.
faults: .venv/dev
	CBX_ALL_FAULTS=1 $(BIN)/python -m pytest -q compiler/tests/deploy/test_faults.py

# What `make test` takes a sample of: two thousand random streams of changes, cut anywhere; five hundred disturbed between
# their micro-batches; runs killed at twenty random moments; every single mistake; twenty compilations of each project
# beside eight busy loops; and types, names and words against Spark's own, each function with forty calls of each length.
soak: .venv/dev
	CBX_CDC_STREAMS=2000 $(BIN)/python -m pytest -q compiler/tests/runtime/test_auto_cdc_streams.py
	CBX_MICRO_BATCH_STREAMS=500 $(BIN)/python -m pytest -q compiler/tests/runtime/test_micro_batches.py
	CBX_KILLS=20 $(BIN)/python -m pytest -q compiler/tests/runtime/test_kill.py
	CBX_SINGLE_MISTAKES=10000 $(BIN)/python -m pytest -q compiler/tests/single_mistakes
	CBX_BUSY_COMPILATIONS=20 $(BIN)/python -m pytest -q compiler/tests/test_any_machine.py
	TYPES_OF_SPARK=40 PYTHON_TYPES_OF_SPARK=12 SPELLINGS_OF_SPARK=3000 NAMES_OF_SPARK=1 SYNTAX_OF_SPARK=1 \
	  $(BIN)/python -m pytest -q compiler/tests/runtime -k of_spark

# Rewrite the expectations of literate and golden cases; read the diff afterwards.
bless: .venv/dev
	$(BIN)/python -m pytest -q compiler/tests/test_cases.py compiler/tests/test_golden.py --bless

# Measure how long compiling takes, and a run against a script that builds the same tables by hand.
bench: .venv/dev
	$(BIN)/python compiler/benchmarks/compile.py
	$(BIN)/python compiler/benchmarks/run.py
	$(BIN)/python compiler/benchmarks/unit_tests.py

# Take the pictures of the documentation from Circuit Box's page; needs Chromium.
screenshots: .venv/dev $(DEMO)/state/events.jsonl
	$(BIN)/python -m compiler.tests.graph.screenshots $(DEMO)/state

$(DEMO)/state/events.jsonl:
	$(MAKE) demo

# Hold the verdicts on keys against the results of 20,000 random queries and 2,000 random programs, half of each on Spark,
# and of 1,000 queries over streams; `mutants` breaks each rule.
grain: .venv/dev
	CBX_GRAIN_QUERIES=10000 TRACED_PROGRAMS=1000 CBX_SPARK_QUERIES=10000 CBX_SPARK_STREAMS=1000 CBX_SPARK_PROGRAMS=1000 \
	  $(BIN)/python -m pytest -q -s compiler/tests/analysis/test_grain_on_data.py \
	  compiler/tests/analysis/test_tracing_on_data.py compiler/tests/analysis/test_grain_on_spark.py

# Make small mistakes one after the other, in Circuit Box's models and in the rules of grain; tests have to find each.
mutants: .venv/dev
	$(BIN)/python compiler/tests/testing/mutants.py
	$(BIN)/python compiler/tests/analysis/mutants.py

clean:
	rm -rf .venv .cbx

.venv/local: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[local,trace,fast]'
	@touch $@

.venv/dev: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
