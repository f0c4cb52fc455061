#!/usr/bin/env bash
# The release tree: the source as it is here, and in bin/ the executables that are built from it.
#
#   scripts/dist.sh [OUT]           both architectures, for release; OUT is dist/tree
#   scripts/dist.sh --quick OUT     the same tree in seconds, with target/debug/hallmark as it is; for tests
#   scripts/dist.sh --compare A B   are the bin/ of two trees the same, byte for byte?
#
#   HALLMARK_RELEASE_KEY   the private key that signs (PEM file). Without it a throw-away key does.
#
# The executables are built from the tree that was laid, not from this folder: what is in them is in it.
# They come out the same wherever they are built (scripts/dist/build.sh says how).
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$HOME/.cargo/bin:$PATH"
# shellcheck source=scripts/dist/lib.sh
. scripts/dist/lib.sh

quick=
case ${1:-} in
  --compare) shift; exec scripts/dist/compare.sh "$@" ;;
  --quick) quick=yes; shift; [ $# -eq 1 ] || refuse "usage: scripts/dist.sh --quick OUT" ;;
  -*) refuse "there is no option $1: read the head of scripts/dist.sh" ;;
  *) [ $# -le 1 ] || refuse "usage: scripts/dist.sh [OUT]" ;;
esac
out=$(realpath -m "${1:-dist/tree}")
executable=$PWD/target/debug/hallmark
if [ -n "$quick" ] && [ ! -x "$executable" ]; then refuse "there is no target/debug/hallmark: cargo build --package hallmark"; fi

[ -n "$quick" ] || scripts/setup.sh dist
lay_source "$out"

if [ -n "$quick" ]; then
  # Without what a debugger wants: the launcher reads the whole file at every start.
  strip -o "$out/bin/hallmark-linux-$(host_arch)" "$executable"
  chmod 0755 "$out/bin/hallmark-linux-$(host_arch)"
  list_sums "$out/bin"
  exit 0
fi

begun=$SECONDS
say() { printf '== %s (%d s so far)\n' "$1" $((SECONDS - begun)); }
if ! head_is_clean; then
  echo "dist: there are changes that are not committed: this tree is that of no commit" >&2
fi
# Every time in the tree is the commit's.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct); export SOURCE_DATE_EPOCH

for arch in "${architectures[@]}"; do
  say "linux-$arch: building"
  scripts/dist/build.sh "$out" "$arch" "$out/bin/hallmark-linux-$arch"
done
say "SBOMs, read from the executables"
for arch in "${architectures[@]}"; do
  scripts/dist/sbom.sh "$out/bin" "$arch"
done
list_sums "$out/bin"
say "signatures"
scripts/dist/sign.sh "$out"
say "checks"
scripts/dist/check.sh "$out"

say "done: ${out#"$PWD/"}"
total=0
for arch in "${architectures[@]}"; do
  raw=$(stat -c %s "$out/bin/hallmark-linux-$arch")
  packed=$(gzip -9cn "$out/bin/hallmark-linux-$arch" | wc -c)
  total=$((total + packed))
  printf '   %-22s %5.1f MB, gzipped %4.1f MB\n' "hallmark-linux-$arch" "$(mega "$raw")" "$(mega "$packed")"
done
printf '   %-22s %5s     gzipped %4.1f MB (aim: 10.0)\n' both '' "$(mega $total)"
