# `make` alone lists what there is. Needs git, make and Python 3.11, 3.12 or 3.13; PYTHON=python3.12 chooses one.
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
BIN := .venv/bin
export PYTHON
unexport PYTHONDONTWRITEBYTECODE # without its .pyc files a library is imported three times as slowly

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

.PHONY: env
env: .venv/run.stamp ## make or refresh .venv with all that the README shows

.PHONY: base
base: .venv/base.stamp ## make .venv with the least that backtests: without backtrader, quantstats and arch's libraries

.venv/%.stamp: requirements/%.txt requirements/uv.txt pyproject.toml scripts/env.sh
	@scripts/env.sh install $*

.PHONY: backtest
backtest: env ## load the sample data and backtest RSI and MACD into reports/
	$(BIN)/tulya data sample
	$(BIN)/tulya backtest rsi --symbols SP500 --sizing equity:95% --charges percent:0.1 --capital 100000 --out reports/rsi
	$(BIN)/tulya backtest macd --symbols NASDAQ --sizing equity:95% --charges percent:0.1 --slippage bps:5 --capital 100000 --out reports/macd
	@printf '%s\n' '' 'Next:' \
	    '  $(BIN)/tulya report last --open               the page in the browser; --quantstats adds a second opinion' \
	    '  $(BIN)/tulya new strategy my_idea             a strategy of your own, with its test' \
	    '  $(BIN)/tulya sweep rsi --symbols SP500 --set period=5:30:5   many parameters, and how much to believe the best'

.PHONY: test
test: .venv/dev.stamp ## run the tests; ARGS="-k rsi" hands pytest more
	@$(BIN)/pytest -q -n 2 --dist loadgroup $(ARGS)

.PHONY: coverage
coverage: .venv/dev.stamp ## run the tests of rules, session and exchange and fail unless they reach every branch
	@$(BIN)/pytest -q -n 2 --dist loadgroup --cov --cov-report=term tests/contract tests/property tests/unit tests/journal tests/architecture

.PHONY: mutate
mutate: .venv/dev.stamp ## try small mistakes in the rules: a test must fail for each; ARGS="--unit money" for one module
	@nice -n 19 $(BIN)/python scripts/mutate.py $(ARGS)

.PHONY: power-loss
power-loss: .venv/dev.stamp ## cut the power while a journal is written; ARGS=5000 says how many seeds
	@nice -n 5 $(BIN)/python -m tests.support.power_loss $(or $(ARGS),5000)

.PHONY: simulate
simulate: .venv/dev.stamp ## run the runner in a faulty world; ARGS="--seeds 200", "--seed 7", "--planted", "--twice", "--workers 2"
	@nice -n 5 $(BIN)/python -m tests.simulation $(ARGS)

.PHONY: kill
kill: .venv/dev.stamp ## kill tulya run at every failpoint and at random moments; it must go on each time; ARGS="--random 200"
	@nice -n 5 $(BIN)/python -m tests.simulation.kill_matrix $(ARGS)

.PHONY: lint
lint: .venv/dev.stamp ## check style, formatting, types and the layering of the packages
	@$(BIN)/ruff check --output-format concise
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache

.PHONY: format
format: .venv/dev.stamp ## format the code and mend what ruff can mend safely
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

.PHONY: bench
bench: .venv/dev.stamp ## time Tulya beside its peers and a limit in C; ARGS="a b --quick" chooses
	@$(BIN)/python -m bench.run $(ARGS)

.PHONY: lab
lab: .venv/lab.stamp ## open the notebooks in JupyterLab; ARGS="--no-browser --port 9999" hands it more
	@TULYA_DB=$(CURDIR)/data/market.sqlite $(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS) notebooks

.PHONY: requirements
requirements: ## pin the requirement files anew after a change in pyproject.toml; UPGRADE=1 takes newer versions
	@scripts/env.sh pin $(if $(UPGRADE),--upgrade)

.PHONY: clean
clean: ## remove .venv and every cache; leaves data/ and reports/ alone
	@rm -rf .venv build dist *.egg-info htmlcov .coverage .coverage.* coverage.xml \
	    .bench .hypothesis .import_linter_cache .mypy_cache .numba_cache .pytest_cache .ruff_cache
	@find framework strategies adapters tests bench scripts notebooks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
