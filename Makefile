# Needs Python 3.10 or newer and make. The demo runs on Sail; for the tests on Spark, Java is included.

PYTHON ?= python3
BIN := .venv/bin
DEMO := .cbx/demo
# Three processes, each with its own Spark session: two cores are never idle. All tests of a file run in one process.
PYTEST := $(BIN)/python -m pytest --numprocesses $(or $(WORKERS),3) --dist loadfile --no-loadscope-reorder
RUN := $(BIN)/cbx run --engine sail --var landing=$(DEMO)/landing --state $(DEMO)/state

# Tests start many processes, which share the compiled modules.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test quick fuzz check docs soak faults bless bench screenshots grain measures mutants clean

# Compile Circuit Box, run it on the files of its two days, and show a gold table.
demo: .venv/local
	$(BIN)/cbx compile
	@rm -rf $(DEMO) && mkdir -p $(DEMO)/landing
	@printf '\nDay one: the first files land.\n'
	@for folder in customers addresses orders; do \
	  mkdir -p $(DEMO)/landing/$$folder && cp landing/$$folder/2026-01-01* $(DEMO)/landing/$$folder/; done
	$(RUN)
	@printf '\nDay two: more files land. Only these are read.\n'
	@for folder in customers addresses orders; do cp landing/$$folder/2026-01-02* $(DEMO)/landing/$$folder/; done
	$(RUN)
	@printf '\n'
	$(BIN)/cbx show gold.customer_order_summary --state $(DEMO)/state

# The tests of the compiler, and of the Circuit Box models on both engines. Tests with many inputs take a sample; `soak`, `fuzz`,
# `faults`, `grain`, `measures` and `mutants` run all of them.
test: .venv/dev .venv/spark-classes.jsa
	$(PYTEST) --durations=20

# For use between edits: all tests except those that need Spark on a JVM or a browser, start processes, run whole projects or try
# many inputs; and the tests of the Circuit Box models on Sail.
quick: .venv/dev
	$(PYTEST) -q -m "not spark and not slow and not browser"
	$(BIN)/cbx test

# Compile random and hostile files for one hour. A failure prints its seed, for FUZZ_SEED. Before it, a
# thousand files of whole projects, mangled.
fuzz: .venv/dev
	MANGLED_ROUNDS=1000 $(BIN)/python -m pytest -q compiler/tests/test_mangled.py
	FUZZ_SECONDS=3600 $(BIN)/python -m pytest -q compiler/tests/test_fuzz.py

# The checks of CI besides the tests: style, types, the direction of imports, names, and whether target/ is up to date.
check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q compiler/tests/test_architecture.py compiler/tests/test_names.py
	$(BIN)/cbx compile --check

# Build the documentation site into build/site, where `cbx docs` finds it. A broken link is an error.
docs: .venv/docs
	$(BIN)/python compiler/site/build_site.py

# Inject every kind of fault at every request of a deployment; `make test` injects some.
faults: .venv/dev
	CBX_ALL_FAULTS=1 $(BIN)/python -m pytest -q compiler/tests/deploy/test_faults.py

# All inputs of tests that take a sample in `make test`: 2,000 random change streams, split at random; 500 with failures between
# micro-batches; runs killed at 20 random moments; 100 pipelines of random views, refreshed and recomputed; every single mistake;
# 20 compilations of each project on a busy machine; 200 lists of random edits, with a compilation after each edit; all styles of
# notebooks imported; every function that runs on Sail, compared with Spark; and types, names and keywords compared with Spark,
# with 40 calls of each function for each number of arguments.
soak: .venv/dev
	CBX_CDC_STREAMS=2000 $(BIN)/python -m pytest -q compiler/tests/runtime/test_auto_cdc_streams.py
	CBX_BUCKETS=50 $(BIN)/python -m pytest -q compiler/tests/runtime/test_auto_cdc_buckets.py
	CBX_MICRO_BATCH_STREAMS=500 $(BIN)/python -m pytest -q compiler/tests/runtime/test_micro_batches.py
	CBX_LANDINGS=500 $(BIN)/python -m pytest -q compiler/tests/runtime/test_landing_files.py
	CBX_PROJECTS=500 $(BIN)/python -m pytest -q compiler/tests/runtime/test_random_projects.py
	CBX_NOTHING_NEW=100 $(BIN)/python -m pytest -q compiler/tests/runtime/test_nothing_new.py
	CBX_KILLS=20 $(BIN)/python -m pytest -q compiler/tests/runtime/test_kill.py
	CBX_REFRESHES=100 $(BIN)/python -m pytest -q -n0 compiler/tests/runtime/test_random_refreshes.py
	CBX_SINGLE_MISTAKES=10000 $(BIN)/python -m pytest -q compiler/tests/single_mistakes
	CBX_BUSY_COMPILATIONS=20 $(BIN)/python -m pytest -q compiler/tests/test_any_machine.py
	CBX_EDITS=200 $(BIN)/python -m pytest -q compiler/tests/incremental/test_build.py
	CBX_ROUND_TRIPS=all $(BIN)/python -m pytest -q compiler/tests/importing/test_round_trip.py
	CBX_UNKNOWN_TEXTS=40000 $(BIN)/python -m pytest -q compiler/tests/test_unknown_texts.py
	FUNCTIONS_ON_SAIL=1 $(BIN)/python -m pytest -q compiler/tests/runtime/test_functions_on_sail.py
	TYPES_OF_SPARK=1 PYTHON_TYPES_OF_SPARK=12 PYTHON_FUNCTIONS_OF_SPARK=1 SPELLINGS_OF_SPARK=3000 \
	  NAMES_OF_SPARK=1 SYNTAX_OF_SPARK=1 $(BIN)/python -m pytest -q compiler/tests/runtime -k of_spark

# Rewrite the expected output of literate and golden cases, and what the tutorial and other pages show. Read the diff afterwards.
bless: .venv/dev
	$(BIN)/python -m pytest -q compiler/tests/test_cases.py compiler/tests/test_golden.py compiler/tests/test_tutorial.py \
	  compiler/tests/test_howto.py compiler/tests/test_docs.py compiler/tests/testing/test_page.py \
	  compiler/tests/importing/test_page.py --bless

# Measure compile times, run times (compared with a hand-written script that builds the same tables) and test times.
bench: .venv/dev
	$(BIN)/python compiler/benchmarks/compile.py
	$(BIN)/python compiler/benchmarks/run.py
	$(BIN)/python compiler/benchmarks/unit_tests.py

# Take the screenshots of the documentation from Circuit Box's page. Needs Chromium.
screenshots: .venv/dev $(DEMO)/state/events.jsonl
	$(BIN)/python -m compiler.tests.graph.screenshots $(DEMO)/state

$(DEMO)/state/events.jsonl:
	$(MAKE) demo

# Compare the verdicts on keys with the results of 20,000 random queries and 2,000 random programs, half of each on Spark, and
# of 1,000 queries over streams.
grain: .venv/dev
	CBX_GRAIN_QUERIES=10000 TRACED_PROGRAMS=1000 CBX_SPARK_QUERIES=10000 CBX_SPARK_STREAMS=1000 CBX_SPARK_PROGRAMS=1000 \
	  $(BIN)/python -m pytest -q -s compiler/tests/analysis/test_grain_on_data.py \
	  compiler/tests/analysis/test_tracing_on_data.py compiler/tests/analysis/test_grain_on_spark.py

# Compare the verdicts on the aggregates of 10,000 random queries with how often each row counts, half of them on Spark.
measures: .venv/dev
	CBX_MEASURE_QUERIES=5000 CBX_MEASURE_QUERIES_SPARK=5000 CBX_MEASURE_CHECKS=100 $(BIN)/python -m pytest -q -s \
	  compiler/tests/analysis/test_measures_on_data.py compiler/tests/analysis/test_measure_checks_on_data.py \
	  compiler/tests/analysis/test_grain_on_spark.py::test_verdicts_on_aggregates_hold_on_spark

# Make small changes, one at a time, to Circuit Box's models and to the rules for keys and aggregates. Tests must find each.
mutants: .venv/dev
	$(BIN)/python compiler/tests/testing/mutants.py
	$(BIN)/python compiler/tests/analysis/mutants.py

clean:
	rm -rf .venv .cbx

.venv/local: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -e .venv/dev || $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[sail,fast]'
	@touch $@

.venv/spark-classes.jsa: .venv/dev
	-$(BIN)/python -m compiler.tests.class_archive

.venv/docs: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

.venv/dev: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -e .venv/dev || $(BIN)/python -m pip uninstall --quiet --yes --disable-pip-version-check pyspark-client
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
