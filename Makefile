# Each target sets up what it needs, once: with uv where there is one, else with venv and pip (about two minutes).
PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready
# One more than there are processors: the tests also wait, for vendors, leases and processes that are killed.
WORKERS := $(shell expr `getconf _NPROCESSORS_ONLN` + 1)
# Where a shell forbids compiled files, each of the tests' processes would compile its libraries again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test postgresql lives outage faults kills firstday brake sixteen guards smoke browser lint docs lock clean

demo: $(READY)
	$(BIN)/instep demo

test: $(READY)
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not smoke and not browser and not postgresql and not sixteen and not kills"

# What `make test` runs on SQLite only, and a server that is stopped under a run.
postgresql: $(READY)
	$(BIN)/pytest -n auto --dist loadfile -m postgresql

# A thousand random lives over 400 virtual days; a failing one alone: make lives ARGS="--only 17".
lives: $(READY)
	$(BIN)/python -m tests.lives.run $(ARGS)

# docs/first-day.md with 3,000 customers and 9,000 contacts, measured; a smaller company: make firstday ARGS="--size 0.1".
firstday: $(READY)
	$(BIN)/python -m tests.firstday.run $(ARGS)

# The brake in a company of 10,000 accounts: two weeks of ordinary life, then mistakes. Hours; make brake ARGS="--size 1000".
brake: $(READY)
	$(BIN)/python -m tests.brake.run $(ARGS)

# Fault schedules judged by the same model: make faults N=2000; one that went wrong, shrunk: make faults ARGS="--only 17";
# with Instep's memory in PostgreSQL: make faults ARGS="--postgresql".
faults: $(READY)
	$(BIN)/python -m tests.faults.run --count $(or $(N),2000) $(ARGS)

# A thousand accounts after outages of three and of twenty hours: how long until all is in step, beside the vendors' limits.
outage: $(READY)
	$(BIN)/python -m benchmarks.outage $(ARGS)

# Killed at every commit and every HTTP call: workers in every flow, and the first day's commands in a lived-in company:
# make kills ARGS="--flow sweep --flow first-adopt"; on PostgreSQL, at every twelfth point: ARGS="--postgresql --every 12".
kills: $(READY)
	$(BIN)/pytest -m kills
	$(BIN)/python -m tests.faults.kills $(ARGS)

# Sixteen processes on one PostgreSQL state, fifty trials asked for ten times each. A thousand asked for a hundred times,
# a quarter of an hour: make sixteen ARGS="-k 1000-100".
sixteen: $(READY)
	$(BIN)/pytest -m sixteen -s $(or $(ARGS),-k 50-10) tests/engine/test_sixteen.py

# A real Prefect server and worker: deployed, scheduled, run.
smoke: $(READY)
	$(BIN)/pytest -m smoke

# The billing page in a real Chromium.
browser: $(READY)
	@which chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
	  || { echo "make browser needs Chromium: install the package chromium (as root: apt-get install chromium)."; exit 2; }
	$(BIN)/pytest -m browser tests/acceptance

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Each guard of docs/guarantees.md is taken out of a copy, and its test must fail there: make guards ARGS="12 47".
guards: $(READY)
	$(BIN)/python -m tests.guards.run $(ARGS)

# docs/guarantees.md: its table. docs/tags.md: every tag, attribute and event, from mappings/glossary and instep.toml.
docs: $(READY)
	INSTEP_CONFIG=instep.toml $(BIN)/instep tags --markdown > .tags.md && mv .tags.md docs/tags.md
	$(BIN)/instep check --markdown > .checks.md && mv .checks.md docs/checks.md
	$(BIN)/python -m tests.guards.page

$(READY): pyproject.toml requirements.txt
	@if uv --version >/dev/null 2>&1; then \
	  echo "setting up .venv with uv" && uv sync --quiet --frozen --python $(PYTHON); \
	else \
	  echo "setting up .venv with pip (about two minutes)" && $(PYTHON) -m venv .venv && \
	  $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.txt && \
	  $(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .; \
	fi
	@touch $(READY)

# After a change of dependencies: the lock file, and the same pins for people who have pip only.
lock:
	uv lock --quiet
	uv export --quiet --frozen --all-groups --no-emit-project --no-annotate --no-header -o requirements.txt

clean:
	rm -rf .venv .instep
