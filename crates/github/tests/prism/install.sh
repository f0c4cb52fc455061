#!/usr/bin/env bash
# Puts the mock of GitHub's API into a cache, once for each lock file, and prints its folder:
#
#   HALLMARK_TEST_PRISM=$(crates/github/tests/prism/install.sh "$cache/node")
#
# Needs node (18.20 or later) and npm on PATH. Packages come by the digests of package-lock.json, and
# none of their scripts run.
set -euo pipefail
cache=$1
cd "$(dirname "$0")"

key=$(cat package.json package-lock.json cut.js install.sh | sha256sum | cut -c1-16)
folder=$cache/prism-$key
if [ ! -d "$folder" ]; then
  mkdir -p "$cache"
  # Made beside its place and named last: an install that was killed is not taken for a whole one.
  new=$(mktemp -d "$cache/.prism-XXXXXX")
  trap 'rm -rf "$new"' EXIT
  cp package.json package-lock.json cut.js "$new"
  (cd "$new" && npm ci --ignore-scripts --no-audit --no-fund --silent && node cut.js) >&2
  rm -rf "$new/node_modules/@octokit"
  mv "$new" "$folder" 2>/dev/null || [ -d "$folder" ]
fi
printf '%s\n' "$folder"
