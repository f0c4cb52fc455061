#!/usr/bin/env bash
# Speed and memory, each row against a peer in the same run (scripts/bench/bench.py says what they
# are). It prints figures, ratios and aims, and writes them to target/bench.json. A missed aim is a
# figure like any other; a measurement that could not be made is a failure.
#
# It wants a quiet machine, 8 GiB of disk and of memory, and, for the bake, a Debian mirror (MIRROR).
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$HOME/.cargo/bin:$PATH"

scripts/setup.sh bench
# shellcheck source=scripts/python/venv.sh
. scripts/python/venv.sh
node=$(python_tools lint)/node
peers=$(python_tools peers)
# moto, which stands for AWS.
servers=$(python_tools test)

echo "bench: building for release (minutes, the first time)" >&2
packages=(--package hallmark)
for library in actions/*/src/lib.rs; do
  # Not every package has its folder's name.
  packages+=(--package "$(sed -n 's/^name = "\(.*\)"$/\1/p' "${library%/src/lib.rs}/Cargo.toml" | head -n 1)")
done
cargo build --quiet --locked --release --package blocks --example digest
cargo build --quiet --locked --release --package policy --example decide
cargo build --quiet --locked --release --package report --example page
# With the release's LTO each of these would take a quarter of an hour, for what the SDK weighs. Without it they are no faster
# than a release is, and built as their peer is.
measure=(--config 'profile.measure.inherits="release"' --config 'profile.measure.lto="off"' --config profile.measure.codegen-units=16)
cargo build --quiet --locked --profile measure "${measure[@]}" --package aws --example upload --example read --example sink
cargo build --quiet --locked --release "${packages[@]}" --bins
# What runners get: both platforms, as a release has them.
scripts/dist.sh >&2
# The peer for disks that are written to snapshots, built once (minutes, and 8 GiB of memory).
coldsnap=${HALLMARK_CACHE:-$HOME/.cache/hallmark}/coldsnap-0.12.0
[ -x "$coldsnap/bin/coldsnap" ] || cargo install --quiet --locked --version 0.12.0 --root "$coldsnap" coldsnap
# What is fetched once would otherwise count as the time of the step that needs it first.
target/release/hallmark tools >/dev/null
tool() { target/release/hallmark tools --operation check 2>&1 | while read -r name _ path; do [ "$name" != "$1" ] || echo "$path"; done; }

work=target/bench
rm -rf "$work"
mkdir -p "$work"
trap 'rm -f "$work"/*.raw "$work"/*/*.raw' EXIT
python3 scripts/bench/bench.py target/release "$work" target/bench.json dist/tree "$node" "$(tool opa)" "$(tool cosign)" "$peers" "$(tool trivy)" "$servers" "$coldsnap/bin/coldsnap"
rm -rf "$work"
