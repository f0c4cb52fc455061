#!/usr/bin/env bash
# Formatting, lints, licences and advisories, shell scripts, workflows and actions.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${HALLMARK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hallmark}
# renovate: datasource=crate depName=cargo-deny
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
# It looks at the crates of every platform, of which a build fetches only its own.
cargo fetch --quiet --locked
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

mapfile -t scripts < <(git ls-files --cached --others --exclude-standard '*.sh' .ci/run)
# Scripts in packer/ source what they share from packer/lib.
shellcheck --external-sources --source-path=packer/lib "${scripts[@]}"

# Workflows and actions: by the pinned actionlint, by zizmor for what an attacker could use, by their schemas.
# shellcheck source=scripts/python/venv.sh
. scripts/python/venv.sh
tools=$(python_tools lint)
# Of a whole workspace that was built it is there: by itself it is built with other features, dependencies and all.
hallmark=${HALLMARK_BIN:-target/debug/hallmark}
[ -n "${HALLMARK_BIN:-}" ] || cargo build --quiet --locked --package hallmark
actionlint=$(HALLMARK_CACHE=$cache "$hallmark" tools --names actionlint 2>&1 |
  sed -nE 's/^actionlint [0-9.]+ [0-9a-f]{64} (\/.*)$/\1/p')
[ -x "$actionlint" ] || { echo "lint: the pinned actionlint could not be had: hallmark tools --names actionlint" >&2; exit 2; }
mapfile -t workflows < <(git ls-files --cached --others --exclude-standard '.github/workflows/*.yml' 'examples/*/*.yml' |
  grep -v '/environments\.yml$')
mapfile -t actions < <(git ls-files --cached --others --exclude-standard action.yml 'actions/*/action.yml')
# actionlint 1.7.12 does not know `$/`. What has it is looked at with `./` instead, in a project of its own beside the actions:
# there it also holds what each step and each call gives against what is declared.
mapfile -t plain < <(grep --files-without-match 'uses: \$/' "${workflows[@]}")
"$actionlint" "${plain[@]}"
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT
mkdir "$project/.git" "$project/.github"
ln -s "$PWD/actions" "$project/actions"
scripts/dist/workflows.sh --local "$project/.github/workflows"
(cd "$project" && "$actionlint" .github/workflows/*.yml)
"$tools/zizmor" --quiet --offline --no-config --persona pedantic "${workflows[@]}" "${actions[@]}"
# Its own --quiet is silent about what is wrong, too.
schema() { "$tools/check-jsonschema" --builtin-schema "vendor.$1" "${@:2}" >"$project/schema" || { cat "$project/schema" >&2; exit 1; }; }
schema github-workflows "${workflows[@]}"
schema github-actions "${actions[@]}"
schema renovate .github/renovate.json
