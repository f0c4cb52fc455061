#!/usr/bin/env bash
# Every test, with all set-up: packages, pinned tools, a real bake, lint, then cargo test.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$HOME/.cargo/bin:$PATH"
cache=${HALLMARK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hallmark}

begun=$(date +%s)
say() { printf '== %s (%d s so far)\n' "$1" $(($(date +%s) - begun)); }

say "set-up"
scripts/setup.sh test

say "building"
cargo build --quiet --locked --workspace --all-targets
hallmark=$PWD/target/debug/hallmark

say "pinned tools"
HALLMARK_CACHE=$cache "$hallmark" tools --names packer,goss,trivy,cosign
# The same under their plain names, for tests that call a tool themselves.
export HALLMARK_TEST_BIN_DIR=$cache/test-bin
mkdir -p "$HALLMARK_TEST_BIN_DIR"
HALLMARK_CACHE=$cache "$hallmark" tools --operation check 2>&1 | while read -r name _ path; do
  [ ! -x "$path" ] || ln -sfn "$path" "$HALLMARK_TEST_BIN_DIR/$name"
done
[ -x "$HALLMARK_TEST_BIN_DIR/packer" ] || { echo "test: packer is not among the tools" >&2; exit 1; }

say "lint"
scripts/lint.sh

say "the chain, on a real image"
# Layers are kept between runs: a bake id that has not changed is adopted, as for any user.
export HALLMARK_HOME=$cache/test-home
HALLMARK_BIN=$hallmark scripts/bake.sh

say "tests"
export HALLMARK_TEST_HOME=$HALLMARK_HOME
export HALLMARK_TEST_IMAGE=$HALLMARK_HOME/images/debian-app/image.json
cargo test --locked --workspace --no-fail-fast
say "done"
