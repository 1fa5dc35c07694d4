# make report [REPO=PATH_OR_URL] [DATE=YYYY-MM-DD] [REPORT_LANG=zh-CN|en] [NAME=…] [OUT=DIR]   the daily report
# make test                                                     the quick suite
# make test-on BACKEND=kafka|tansu                              the stories of the command line, on servers
# make check                                                    formatting, lint, types, package directions
# make servers                                                  fetch Apache Kafka and a ClickHouse server for the tests
# make faults                                                   kills, full disks and other long tests, whole

PYTHON ?= python3
REPO ?= .
OUT ?= out
BACKEND ?= kafka
VENV := .venv
BIN := $(VENV)/bin

.PHONY: report test test-on check servers faults docs benchmarks clean

report: $(VENV)/installed
	@$(BIN)/commitwire report "$(REPO)" --out "$(OUT)" $(if $(filter command line,$(origin NAME)),--name "$(NAME)") $(if $(DATE),--date "$(DATE)") $(if $(REPORT_LANG),--lang "$(REPORT_LANG)")

test: $(VENV)/installed-dev
	$(BIN)/pytest -m "not faults" -n auto --dist worksteal $(ARGS)

test-on: $(VENV)/installed-dev
	TEST_BACKEND=$(BACKEND) $(BIN)/pytest -m "not faults" -n 2 --dist worksteal tests/cli $(ARGS)

check: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

servers: $(VENV)/installed-dev
	$(BIN)/python -m tests.servers.fetch
	$(BIN)/python -m tests.servers.clickhouse_library

faults: $(VENV)/installed-dev
	$(BIN)/pytest -m faults $(ARGS)

docs: $(VENV)/installed-dev
	$(BIN)/python -m streams.reference > docs/configuration.md

benchmarks: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.all $(ARGS)

clean:
	rm -rf $(VENV) out .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info < (3, 14); sys.exit(0 if ok else "Commitwire needs Python 3.11 to 3.13; set PYTHON=python3.x")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/installed
