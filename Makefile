# One menu for people and for CI. Bare `make` prints it.
SHELL := /bin/bash
PY := .venv/bin/python
RUN := PATH="$(CURDIR)/.venv/bin:$$PATH"
WORKERS ?= 2

.PHONY: help install run test fuzz check bench load docs lock clean
help:
	@echo 'make run     启动 start everything on http://127.0.0.1:8000 (Ctrl-C ends it)'
	@echo 'make test    测试 every test, on real servers (ARGS=FILE for one, WORKERS=N)'
	@echo 'make fuzz    畸形请求 10,000 requests made from the API description'
	@echo 'make check   检查 style, types, walls, spelling, generated files'
	@echo 'make bench   测速 benchmarks with their budgets'
	@echo 'make load    压测 a bounded load run against a running server'
	@echo 'make docs    文档 renew the generated pages'
	@echo 'make lock    锁定 renew requirements.lock'
	@echo 'make clean   清理 remove what was made here (data in DSPACE_HOME stays)'

install:
	@python3 bootstrap.py

run: install
	@DSPACE_MODE=$${DSPACE_MODE:-development} exec .venv/bin/dspace up --with-parent $$PPID

test: install
	@$(RUN) pytest -n $(WORKERS) --dist loadgroup $(ARGS)

fuzz: install
	@$(RUN) DSPACE_API_REQUESTS=$${DSPACE_API_REQUESTS:-10000} pytest tests/conformance/api/test_description.py $(ARGS)

check: install
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) lint-imports
	@$(RUN) codespell
	@$(PY) -m dspace_core.cli.reference --check
	@$(PY) .ci/hosts.py

bench: install
	@$(PY) benchmarks/run.py $(ARGS)

load: install
	@$(RUN) locust -f loadtests/locustfile.py --headless --only-summary $(ARGS)

docs: install
	@$(PY) -m dspace_core.cli.reference

UV_COMPILE = .venv/bin/uv pip compile --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock" -q
lock: install
	@$(UV_COMPILE) pyproject.toml $(wildcard */pyproject.toml plugins/*/pyproject.toml sdk_examples/*/pyproject.toml) \
	  --all-extras --group dev --group build --group load \
	  $(foreach name,$(shell sed -n 's/^name = "\([a-z-]*\)"/\1/p' pyproject.toml */pyproject.toml plugins/*/pyproject.toml sdk_examples/*/pyproject.toml 2>/dev/null),--no-emit-package $(name)) \
	  -o requirements.lock
	@grep -A 200 '^uv==' requirements.lock | sed '1!{/^[a-z]/,$$d}' | grep -v '# via\|#  ' > requirements-uv.lock

clean:
	@rm -rf .venv dist build .mypy_cache .ruff_cache .import_linter_cache .hypothesis .pytest_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
