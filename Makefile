# Every command this project has. Plain `make` lists them.
PYTHON = .venv/bin/python
.DEFAULT_GOAL = help
.PHONY: help setup image boot boot-test boot-test-full run demo console board test screens check bench mutate fuzz fuzz-short soak lock clean packs

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: ## install system packages and .venv (done by the targets that need it)
	@scripts/setup run

run: ## start the appliance on the virtual board, store in ./var; ends with Ctrl-C
	@scripts/setup run
	@exec $(PYTHON) -m app run

demo: ## a caller leaves a message, its owner fetches it: every step told, results in ./var/demo
	@scripts/setup run
	@$(PYTHON) -m scripts.demo

console: ## log in at the serial console of the appliance in ./var, from this terminal
	@$(PYTHON) -m app console

board: ## operate the running virtual board: lift, dial, ring, say, hear
	@$(PYTHON) -m app board

test: ## install what the tests need and run them all, three at a time: they wait half their time
	@scripts/setup test
	@$(PYTHON) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(PYTEST)

screens: ## have the browser tests write pictures of the pages, into docs/screens
	@scripts/setup test
	@SWITCHHOOK_SCREENS=1 $(PYTHON) -m pytest tests/browser

check: ## lint, format and types
	@scripts/setup test
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy

bench: ## measure the hot paths, into ./var; BASE=COMMIT in turn with it, PEERS=1 beside Dovecot and Postfix, GROWTH=1 a full store
	@scripts/setup test
	@$(PYTHON) -m $(if $(PEERS),scripts.bench_peers,$(if $(GROWTH),scripts.bench_growth,scripts.bench $(if $(BASE),--against $(BASE)))) $(BENCH)

mutate: ## how many deliberate faults the tests notice; MUTATE="app/mail --mutants 50 --seed 7"
	@scripts/setup test
	@scripts/setup mutate
	@nice -n 15 build/mutate-venv/bin/python -m scripts.mutate $(MUTATE)

fuzz: ## breed inputs that reach more of every reader, resumed; FUZZ="smtp --seconds 600"
	@scripts/setup test
	@scripts/setup fuzz
	@nice -n 15 $(PYTHON) -m tests.fuzz.campaign $(or $(FUZZ),--seconds 600)

fuzz-short: ## every reader for 20 to 60 s, two at a time
	@scripts/setup test
	@scripts/setup fuzz
	@$(PYTHON) -m tests.fuzz.campaign --short --jobs 2

soak: ## the long proofs: speech, attacks, a week, 10,000 kills and cuts, inputs by the million; resumed
	@scripts/setup test
	@scripts/setup fuzz
	@$(PYTHON) -m pytest -m soak tests
	@$(PYTHON) -m tests.soak.talk_off
	@$(PYTHON) -m tests.soak.attacks
	@$(PYTHON) -m tests.soak.attacks --faults
	@nice -n 15 $(PYTHON) -m tests.soak.days
	@nice -n 15 $(PYTHON) -m tests.soak.kills $(SOAK)
	@nice -n 15 $(PYTHON) -m tests.fuzz.campaign --seconds 600
	@nice -n 15 $(PYTHON) -m tests.fuzz.plain --inputs 10000000

image: ## build the firmware image into ./build/image (Debian 12, as root)
	@scripts/build-image $(IMAGE)

packs: ## make what a box may have besides: text of voicemail, for this machine and for devices
	@scripts/setup packs
	@$(PYTHON) -m scripts.packs $(PACKS)

boot-test: ## start the built image in QEMU: mail, login, hardware, a call, an update, power cuts
	@scripts/setup image
	@scripts/setup test
	@$(PYTHON) -m pytest -n 2 --dist loadfile -m boot -rA tests/image

boot-test-full: ## the same, Raspberry Pi, what breaks, and 50 power cuts
	@scripts/setup image
	@scripts/setup test
	@$(PYTHON) -m pytest -m "boot or bootfull" -rA tests/image

boot: ## start the built image in QEMU, its console here; Ctrl-A X ends it
	@scripts/boot-image $(BOOT)

lock: ## pin the dependencies anew after a change in pyproject.toml
	@scripts/lock

clean: ## remove what was built (never ./var)
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache
