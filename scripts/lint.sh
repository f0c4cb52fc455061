#!/usr/bin/env bash
# Formatting, lints, licences and advisories, shell scripts.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${HALLMARK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hallmark}
deny_version=0.20.2

cargo fmt --all --check
cargo clippy --quiet --locked --workspace --all-targets -- -D warnings

deny=$cache/cargo-tools/bin/cargo-deny
if [ "$("$deny" --version 2>/dev/null)" != "cargo-deny $deny_version" ]; then
  echo "lint: building cargo-deny $deny_version (minutes, the first time)"
  # A target folder of its own: cargo-deny shares nothing with this workspace.
  CARGO_TARGET_DIR=$cache/cargo-tools/target cargo install --quiet --locked \
    --root "$cache/cargo-tools" "cargo-deny@$deny_version"
  rm -rf "$cache/cargo-tools/target"
fi
"$deny" --offline --log-level error check bans licenses sources
# The advisory database is a repository of its own; where it cannot be fetched, that is said, and
# what an earlier run fetched is used.
if ! "$deny" --log-level error check advisories 2>/tmp/deny-advisories.$$; then
  if grep -qiE 'failed to fetch|unable to fetch|could not|dns|connect|network' /tmp/deny-advisories.$$; then
    echo "lint: the advisory database cannot be reached: advisories are NOT checked in this run"
  else
    cat /tmp/deny-advisories.$$ >&2; rm -f /tmp/deny-advisories.$$; exit 1
  fi
fi
rm -f /tmp/deny-advisories.$$

mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
# Scripts in packer/ source what they share from packer/lib.
shellcheck --external-sources --source-path=packer/lib "${scripts[@]}"
