#!/usr/bin/env bash
# The workflows that people call, for a server or a runner that does not know `$/`: GitHub Enterprise Server, and runners older
# than 2.336.0.
#
#   scripts/dist/workflows.sh OWNER/REPOSITORY COMMIT OUT    the four files with each action as OWNER/REPOSITORY/actions/…@COMMIT
#   scripts/dist/workflows.sh --local OUT                    the same with each action as ./actions/…, for tools that look at them
#
# Commit them to .github/workflows of the repository that builds images: they call one another there (`./`), and sign as that
# repository's workflow files, at the ref that is built.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/dist/lib.sh
. scripts/dist/lib.sh

usage="usage: scripts/dist/workflows.sh OWNER/REPOSITORY COMMIT OUT, or --local OUT"
if [ "${1:-}" = --local ]; then
  [ $# -eq 2 ] || refuse "$usage"
  out=$2 action='./actions/\1'
else
  [ $# -eq 3 ] || refuse "$usage"
  [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$ ]] || refuse "$1 is no OWNER/REPOSITORY"
  [[ $2 =~ ^[0-9a-f]{40}$ ]] || refuse "$2 is no commit: the full SHA of a release, 40 digits"
  out=$3 action="$1/actions/\\1@$2"
fi

names=(golden-image bake assay publish)
for name in "${names[@]}"; do
  [ ! -e "$out/$name.yml" ] || refuse "$out/$name.yml is there already: nothing was written"
done
mkdir -p "$out"
for name in "${names[@]}"; do
  # A called file signs as itself: elsewhere at the commit that it was called by, here at the ref that is built.
  sed -E \
    -e "s|uses: \\$/actions/([a-z-]+)|uses: $action|" \
    -e 's|uses: \$/\.github/workflows/([a-z-]+\.yml)|uses: ./.github/workflows/\1|' \
    -e 's|job\.workflow_repository|github.repository|' \
    -e 's|job\.workflow_sha|github.ref|' \
    ".github/workflows/$name.yml" >"$out/$name.yml"
  if grep -n 'uses: \$/\|job\.workflow_' "$out/$name.yml" >&2; then refuse "$name.yml has a reference that was not understood"; fi
done
