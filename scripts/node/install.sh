#!/usr/bin/env bash
# Puts sarif-multitool, which holds SARIF against GitHub's rules, into a cache, once for each lock file, and prints the
# executable:
#
#   HALLMARK_TEST_SARIF_MULTITOOL=$(scripts/node/install.sh "$cache/node")
#   "$HALLMARK_TEST_SARIF_MULTITOOL" validate --rule-kind 'Sarif;Gh' --output log.sarif x.sarif   # read the log
#
# Needs node and npm on PATH. The package comes by the digest of package-lock.json, and its scripts do not run. It is
# a program for x86-64: elsewhere nothing is printed, and a test that wants it says so.
set -euo pipefail
cache=$1
cd "$(dirname "$0")"
[ "$(uname -m)" = x86_64 ] || exit 0

key=$(cat package.json package-lock.json install.sh | sha256sum | cut -c1-16)
folder=$cache/sarif-multitool-$key
if [ ! -d "$folder" ]; then
  mkdir -p "$cache"
  # Made beside its place and named last: an install that was killed is not taken for a whole one.
  new=$(mktemp -d "$cache/.sarif-multitool-XXXXXX")
  trap 'rm -rf "$new"' EXIT
  cp package.json package-lock.json "$new"
  (cd "$new" && npm ci --ignore-scripts --no-audit --no-fund --silent) >&2
  chmod +x "$new/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
  mv "$new" "$folder" 2>/dev/null || [ -d "$folder" ]
fi
printf '%s\n' "$folder/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
