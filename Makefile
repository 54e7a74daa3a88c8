# What people type. The work is done by scripts/.
# Tools are kept in FOURNIL_CACHE (by default ~/.cache/fournil), builds in CARGO_TARGET_DIR (by default target/).

.PHONY: help run build portal setup test lint test-rust test-e2e test-sdk test-power-cut bench clean

help: ## Says what can be typed.
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1 | /p' Makefile | column -t -s '|'

run: build ## Builds and starts the server; its arguments by ARGS="--listen 127.0.0.1:9000".
	@exec "$$(scripts/binary)" serve $(ARGS)

build: setup portal ## Builds the portal and the server with the portal in it, for release.
	@cargo build --release --locked --bin fournil

portal: setup
	@scripts/portal

setup:
	@scripts/setup build

test: ## Runs every check and test.
	@scripts/test all

lint: ## Formatting, clippy, licences.
	@scripts/test lint

test-rust: ## Rust tests.
	@scripts/test rust

test-e2e: ## Browser journeys, on the release build.
	@scripts/test e2e

test-sdk: ## Microsoft's clients, on the release build.
	@scripts/test sdk

test-power-cut: ## Cuts the power of a server on a disk image; as root only.
	@cargo build --locked --bin fournil
	@tests/power-cut/run "$$(dirname "$$(dirname "$$(scripts/binary)")")/debug/fournil"

bench: build ## Benchmarks, on the release build.
	@benches/run $(ARGS)

clean: ## Removes what was built, not the tools.
	@cargo clean
	@rm -rf dist
