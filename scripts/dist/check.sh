#!/usr/bin/env bash
# Looks a release tree over: scripts/dist/check.sh TREE [PUBLIC]
#
# Digests, signatures (by the tree's own verify-signatures, on each architecture), what the executables need,
# and that they run: the one of the other architecture under qemu. With PUBLIC, the signatures have to be by
# that key.
set -euo pipefail
# shellcheck source=scripts/dist/lib.sh
. "$(dirname "$0")/lib.sh"

tree=$(realpath "$1") public=${2:-}
bin=$tree/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$bin" && sha256sum --quiet --strict --check SHA256SUMS) || refuse "bin/SHA256SUMS does not hold"
# sha256sum leaves alone what the list leaves out.
cut -c67- "$bin/SHA256SUMS" >"$work/listed"
find "$bin" -mindepth 1 ! -name '*.sig' ! -name signatures.yml ! -name SHA256SUMS -printf '%f\n' | LC_ALL=C sort >"$work/there"
cmp -s "$work/listed" "$work/there" || refuse "bin/SHA256SUMS lists other files than there are: $(diff "$work/listed" "$work/there" | tr '\n' ' ')"

if [ -n "$public" ]; then
  manifest "$public" | cmp -s - "$bin/signatures.yml" || refuse "bin/signatures.yml is not that of the key $public"
fi

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' "$tree/Cargo.toml")
for arch in "${architectures[@]}"; do
  file=$bin/hallmark-linux-$arch
  [ "$(stat -c %a "$file")" = 755 ] || refuse "$file is not mode 0755"
  case $arch in x64) elf='X86-64' ;; arm64) elf='AArch64' ;; esac
  readelf -h "$file" | grep -q "Machine:.*$elf" || refuse "$file is not for $arch"
  newest=$(readelf -VW "$file" | grep -oE 'GLIBC_[0-9.]+' | cut -c7- | sort -Vu | tail -n 1)
  [ "$(printf '%s\n' "$newest" $glibc | sort -V | tail -n 1)" = $glibc ] || refuse "$file needs glibc $newest, newer than $glibc"
  ! readelf -SW "$file" | grep -qE '\.(symtab|debug_info|note\.gnu\.build-id)' || refuse "$file is not stripped"
  grep -q "\"content\": \"$(sha256sum <"$file" | cut -c1-64)\"" "$file.cdx.json" || refuse "$file.cdx.json is not about this executable"

  run=("$file")
  if [ "$arch" != "$(host_arch)" ]; then
    run=("qemu-$(machine "$arch")" -L "/usr/$(machine "$arch")-linux-gnu" "$file")
  fi
  [ "$("${run[@]}" --version)" = "hallmark $version" ] || refuse "$file --version does not say hallmark $version"
  "${run[@]}" gate --help >/dev/null || refuse "$file gate --help fails"
  "${run[@]}" keygen --key "$work/$arch.pem" >/dev/null 2>&1 || refuse "$file keygen fails"
  (cd "$work" && "${run[@]}" verify-signatures --manifest "$bin/signatures.yml" --evidence "$work/evidence-$arch") >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; refuse "$file verify-signatures does not accept bin/signatures.yml"; }
  echo "linux-$arch: runs, says $version, verifies all signatures, needs glibc $newest at most"
done
