#!/usr/bin/env bash
# Makes the commit of a release: scripts/dist/release-commit.sh VERSION TREE
#
# It has one parent, the source commit that is checked out, adds TREE's bin/ to it and changes nothing else; an
# annotated tag vVERSION names it. No branch is moved, nothing is pushed. Prints the commit.
#
#   HALLMARK_RELEASE_BRANCH   the source commit has to be on it; default origin/main
set -euo pipefail
# shellcheck source=scripts/dist/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 2 ] || refuse "usage: scripts/dist/release-commit.sh VERSION TREE"
version=$1 tree=$(realpath "$2") branch=${HALLMARK_RELEASE_BRANCH:-origin/main}
cd "$(git rev-parse --show-toplevel)"
source=$(git rev-parse --verify HEAD)

scripts/dist/version.sh "$version"
head_is_clean || refuse "this checkout has changes: a release is made from a commit"
git merge-base --is-ancestor "$source" "$branch" || refuse "$source is not on $branch: releases come from there only"
[ -z "$(git ls-tree "$source" bin)" ] || refuse "$source has a bin/ already: it is a release, not a source commit"
! git rev-parse --quiet --verify "refs/tags/v$version" >/dev/null || refuse "the tag v$version exists; a tag is never moved: take the next version"

# What the release is made of, by name: a file that was forgotten or that slipped in shows here.
expected=$(sort <<TXT
SHA256SUMS
SHA256SUMS.sig
hallmark-linux-arm64
hallmark-linux-arm64.cdx.json
hallmark-linux-arm64.sig
hallmark-linux-x64
hallmark-linux-x64.cdx.json
hallmark-linux-x64.sig
signatures.yml
TXT
)
found=$(find "$tree/bin" -mindepth 1 -printf '%f\n' | sort)
[ "$found" = "$expected" ] || refuse "$tree/bin does not have the files of a release: $(diff <(echo "$expected") <(echo "$found") | grep '^[<>]' | tr '\n' ' ')"
(cd "$tree/bin" && sha256sum --quiet --strict --check SHA256SUMS) || refuse "$tree/bin/SHA256SUMS does not hold"
# The manifest carries the key: with another one, a throw-away one say, the signatures are worth nothing.
manifest release.pub | cmp -s - "$tree/bin/signatures.yml" || refuse "$tree/bin is not signed by the key of release.pub"

# An index of its own: neither the checkout nor its index is touched, and .gitignore has no say.
index=$(mktemp -u)
trap 'rm -f "$index"' EXIT
export GIT_INDEX_FILE=$index
git read-tree "$source"
while read -r file; do
  mode=100644
  case $file in hallmark-linux-x64 | hallmark-linux-arm64) mode=100755 ;; esac
  # No filters: the bytes as they are, whatever .gitattributes says.
  git update-index --add --cacheinfo "$mode,$(git hash-object -w --no-filters "$tree/bin/$file"),bin/$file"
done <<<"$expected"
content=$(git write-tree)
unset GIT_INDEX_FILE

commit=$(git commit-tree "$content" -p "$source" -m "Hallmark $version

The executables and their list, built from $source.
Everything else is that commit's.")
others=$(git diff --no-renames --name-status "$source" "$commit" | grep -vP '^A\tbin/' || true)
[ -z "$others" ] || refuse "the release would change more than bin/: $others"
# What was committed is what was signed: read back from git, once more by its own list.
git ls-tree "$commit" bin/ | awk '$1 == "100755" { n++ } END { exit n != 2 }' || refuse "the executables lost their mode"
(git cat-file blob "$commit:bin/SHA256SUMS" | while read -r sum file; do
  [ "$(git cat-file blob "$commit:bin/$file" | sha256sum | cut -c1-64)" = "$sum" ] || exit 1
done) || refuse "git did not keep the bytes of bin/"
git tag --annotate "v$version" "$commit" -m "Hallmark $version"
echo "$commit"
