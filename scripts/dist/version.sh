#!/usr/bin/env bash
# Is this source ready to be released as VERSION? scripts/dist/version.sh VERSION
# With --notes VERSION: what CHANGELOG.md says about it.
set -euo pipefail
# shellcheck source=scripts/dist/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.."

print=
[ "${1:-}" != --notes ] || { print=yes; shift; }
version=${1:-}
[[ $version =~ ^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$ ]] ||
  refuse "a version is three numbers such as 1.2.3, without a v; this is $(printf %q "$version")"
stated=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)
[ "$stated" = "$version" ] || refuse "Cargo.toml says version $stated: change it, and commit"
notes=$(awk -v version="$version" '
  /^## / { inside = ($2 == version || $2 == "[" version "]"); next }
  inside { print }
' CHANGELOG.md)
[ -n "${notes//[[:space:]]/}" ] || refuse "CHANGELOG.md has no section ## $version: name the section Unreleased so, with today's date"
[ -s release.pub ] || refuse "there is no release.pub: CONTRIBUTING.md, \"Releasing\", says how the key is made"
[ -z "$print" ] || printf '%s\n' "$notes"
