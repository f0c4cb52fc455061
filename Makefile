# Two commands: `make bake` runs the product on this machine, `make test` proves it. Both do all set-up.

export PATH := $(HOME)/.cargo/bin:$(PATH)
CACHE ?= $(or $(HALLMARK_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hallmark)
POLICY ?= demo
IMAGE ?= debian-app
HALLMARK := target/debug/hallmark

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

bake: build ## bake, test, scan, decide, publish a real Debian image (POLICY=demo, minimal, recommended, strict)
	@POLICY=$(POLICY) HALLMARK_BIN=$(HALLMARK) scripts/bake.sh

approve: build ## approve the last `review` of `make bake`, decide again, publish
	@POLICY=$(POLICY) HALLMARK_BIN=$(HALLMARK) scripts/approve.sh

replay: build ## compute the last verdict again, offline, from its evidence
	@IMAGE=$(IMAGE) HALLMARK_BIN=$(HALLMARK) scripts/replay.sh

test: ## everything: set-up, tools, lint, a real bake, all tests
	@scripts/test.sh

lint: ## formatting, clippy, cargo deny, shellcheck, workflows and actions
	@scripts/lint.sh

bench: ## speed and memory against a peer in the same run
	@scripts/bench.sh

fuzz: ## changed bytes for every parser of outside bytes, a bounded time each (SECONDS_EACH=60)
	@scripts/fuzz.sh

dist: ## the release tree, both architectures, in dist/tree
	@scripts/dist.sh

build: setup
	@cargo build --quiet --locked --package hallmark

setup:
	@scripts/setup.sh bake

clean: ## forget what was baked (keys, images, evidence, store); the tools' cache stays
	rm -rf .hallmark

.PHONY: help bake approve replay test lint bench fuzz dist build setup clean
