# The commands of this project. `make run` and `make test` set up everything they need.

PYTHON_IN_VENV := .venv/bin/python
SHOTS := build/screenshots
# So many tests at a time. They mostly wait, so there may be more of them than cores; 0: all in one process.
WORKERS := 4

.PHONY: run test check format lint types imports screenshots bench soak dist clean help

help:
	@echo "make run          start taskmon (without a display: run the example and print what happens)"
	@echo "make test         run the tests, WORKERS=4 at a time"
	@echo "make check        format, lint, types, import rules, tests"
	@echo "make format       put the code into its canonical form"
	@echo "make screenshots  pictures of the window with a real task, in $(SHOTS)"
	@echo "make bench        run the benchmarks"
	@echo "make soak         random work and random faults for MINUTES=10 minutes, then check every invariant"
	@echo "make dist         build the wheel and the source archive, in dist"
	@echo "make clean        remove what was built, and .venv"

.venv/run.ready: pyproject.toml packaging/setup.sh
	@sh packaging/setup.sh run

.venv/test.ready: pyproject.toml packaging/setup.sh
	@sh packaging/setup.sh test

run: .venv/run.ready
	@sh packaging/run.sh $(SHOTS)

test: .venv/test.ready
	@$(PYTHON_IN_VENV) -m pytest --numprocesses $(WORKERS) --dist loadfile

check: lint types imports test

format: .venv/test.ready
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

lint: .venv/test.ready
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .

types: .venv/test.ready
	@.venv/bin/mypy

imports: .venv/test.ready
	@.venv/bin/lint-imports

screenshots: .venv/test.ready
	@$(PYTHON_IN_VENV) packaging/screenshots.py --out $(SHOTS)

bench: .venv/test.ready
	@for script in tests/benchmarks/bench_*.py; do \
		printf '\n%s\n' "$$script"; \
		$(PYTHON_IN_VENV) "$$script" || exit 1; \
	done

soak: .venv/test.ready
	@$(PYTHON_IN_VENV) tests/soak/soak.py $(or $(MINUTES),10) $(SEED)

dist: .venv/test.ready
	@$(PYTHON_IN_VENV) -m build --outdir dist .

clean:
	@rm -rf .venv .venv-setup.log build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
