#!/usr/bin/env bash
# Signs what is in a tree's bin/: scripts/dist/sign.sh TREE
#
# HALLMARK_RELEASE_KEY is the private key's file (PEM, P-256 or RSA). Where the tree has a release.pub, the key
# has to be that one's. Without a key a throw-away one signs: that proves that the tree is in one piece, and
# nothing about who made it.
set -euo pipefail
# shellcheck source=scripts/dist/lib.sh
. "$(dirname "$0")/lib.sh"

tree=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
key=${HALLMARK_RELEASE_KEY:-}
if [ -n "$key" ]; then
  [ -r "$key" ] || refuse "HALLMARK_RELEASE_KEY: $key cannot be read"
  key=$(realpath "$key")
  openssl pkey -in "$key" -pubout -out "$work/key.pub" 2>/dev/null || refuse "HALLMARK_RELEASE_KEY: $key is no private key in PEM"
  if [ -f "$tree/release.pub" ]; then
    cmp -s "$work/key.pub" "$tree/release.pub" || refuse "HALLMARK_RELEASE_KEY is not the key whose public half is release.pub"
  fi
else
  key=$work/key.pem
  "$tree/bin/hallmark-linux-$(host_arch)" keygen --key "$key" --public "$work/key.pub" >/dev/null 2>&1 ||
    refuse "hallmark keygen failed in $tree"
  echo "signed with a throw-away key: this shows that the tree is in one piece, not who made it"
fi

cd "$tree/bin"
rm -f ./*.sig signatures.yml
for file in hallmark-linux-x64 hallmark-linux-arm64 SHA256SUMS; do
  openssl dgst -sha256 -sign "$key" -out "$file.sig" "$file"
done
manifest "$work/key.pub" >signatures.yml
