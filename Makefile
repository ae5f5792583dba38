# make demo        train a small model on the embedded corpus and score it (a few minutes)
# make test        the quick tests, with branch coverage
# make test-plain-processor   laws, parity and searches once more, as on a processor with AVX2 and no more
# make test-slow   the tests that take minutes
# make bench       speed, as ratios to the machine's limits; DATA=folder of text, PAIR=en-de, ARGS=more options
# make check       ruff, mypy --strict, and the tests of the architecture
# make clean       remove what was built, and the environment
#
# The environment is made in .venv on first use. With a GPU, or an environment of your own, set
#   CONSTRAINTS=                      install the newest versions, not the tested ones
#   PIP_ARGS="--index-url URL"        anything else that pip should be told
#   VENV=path                         another place for the environment

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
PIP_ARGS ?=
BIN := $(VENV)/bin

# what computes, and therefore may differ from one processor to another
BY_PROCESSOR := tests/laws tests/parity tests/nn tests/models tests/decoding tests/runtime \
	tests/training/test_step.py tests/training/test_optimizer.py tests/reliability/test_resume.py

.PHONY: demo test test-plain-processor test-slow bench check clean

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) \
		$(if $(CONSTRAINTS),-c $(CONSTRAINTS)) -e ".[dev]"
	@touch $@

demo: $(VENV)/installed
	$(BIN)/seq2seq demo

test: $(VENV)/installed
	$(BIN)/python -m pytest -q -n 2 --cov=seq2seq --cov-branch --cov-report=term:skip-covered --cov-fail-under=85

test-plain-processor: $(VENV)/installed
	ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 $(BIN)/python -m pytest -q -n 2 $(BY_PROCESSOR)

test-slow: $(VENV)/installed
	$(BIN)/python -m pytest -q -m slow

bench: $(VENV)/installed
	$(BIN)/python benchmarks/speed.py --data $(DATA) --pair $(PAIR) $(ARGS)

check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/architecture

clean:
	rm -rf $(VENV) build dist .coverage .pytest_cache .mypy_cache .ruff_cache
	find seq2seq tests -name __pycache__ -type d -exec rm -rf {} +
