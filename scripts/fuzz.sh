#!/usr/bin/env bash
# Feeds every parser that meets outside bytes with changed ones, each target for a bounded time (SECONDS_EACH, default
# 60), from the files of this repository on. What is found stays in the cache's folder fuzz/artifacts and fails the run.
# Without a sanitizer: the code is safe Rust, and what is looked for are panics, endless work and broken promises.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$HOME/.cargo/bin:$PATH"
cache=${HALLMARK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hallmark}
# renovate: datasource=crate depName=cargo-fuzz
fuzz_version=0.13.2

scripts/setup.sh bake
tools=$cache/cargo-tools
if ! grep -q "^\"cargo-fuzz $fuzz_version " "$tools/.crates.toml" 2>/dev/null || [ ! -x "$tools/bin/cargo-fuzz" ]; then
  echo "fuzz: building cargo-fuzz $fuzz_version (a minute, the first time)"
  CARGO_TARGET_DIR=$tools/target cargo install --quiet --locked --root "$tools" "cargo-fuzz@$fuzz_version"
  rm -rf "$tools/target"
fi

# The seeds: real files of each kind.
work=$cache/fuzz
seed() { # TARGET FILE…
  local target=$1; shift
  mkdir -p "$work/corpus/$target"
  local file
  for file in "$@"; do cp "$file" "$work/corpus/$target/seed-$(sha256sum <"$file" | cut -c1-12)"; done
}
bundles=$(cargo metadata --format-version 1 --locked --offline | python3 -c '
import json, os, sys
for package in json.load(sys.stdin)["packages"]:
    if package["name"] == "sigstore-verify":
        print(os.path.join(os.path.dirname(package["manifest_path"]), "test_data"))')
seed bundle "$bundles"/bundles/*.json
seed evidence "$bundles"/bundles/*.json
seed trust_root "$bundles"/trusted_roots/*.json
seed keys "$bundles"/managed-key/key.pub "$bundles"/x509/*.pem
seed policy policies/*.yml crates/policy/tests/mistakes/*/*.yml
seed identity policies/examples/keyless.yml
seed signatures crates/fuzz/seeds/signatures.yml crates/fuzz/seeds/SHA256SUMS
seed semgrep crates/fuzz/seeds/semgrep.json
seed gitleaks crates/fuzz/seeds/gitleaks.json
seed checkov crates/fuzz/seeds/checkov.json
seed sarif crates/fuzz/seeds/tool.sarif
seed grype crates/fuzz/seeds/grype.json
seed yaml policies/*.yml crates/policy/tests/mistakes/*/*.yml

failed=()
for source in crates/fuzz/targets/*.rs; do
  target=$(basename "$source" .rs)
  mkdir -p "$work/corpus/$target" "$work/artifacts/$target"
  echo "== fuzz: $target, ${SECONDS_EACH:-60} s"
  # The instrumentation of coverage is a flag of the compiler that only its nightly takes unasked.
  RUSTC_BOOTSTRAP=1 PATH=$tools/bin:$PATH cargo fuzz run --fuzz-dir crates/fuzz --sanitizer none --target-dir "$work/target" "$target" \
    "$work/corpus/$target" -- -max_total_time="${SECONDS_EACH:-60}" -timeout=20 -rss_limit_mb=4096 -max_len=65536 \
    -print_final_stats=1 -artifact_prefix="$work/artifacts/$target/" 2>"$work/$target.log" || failed+=("$target")
  grep -E 'number_of_executed_units|new_units_added|slowest_unit|peak_rss' "$work/$target.log" || true
done
if [ ${#failed[@]} -gt 0 ]; then
  for target in "${failed[@]}"; do
    echo "fuzz: $target failed; the end of $work/$target.log:" >&2
    tail -n 15 "$work/$target.log" >&2
  done
  exit 1
fi
