#!/usr/bin/env bash
# Puts the official JSON Schemas of CycloneDX 1.6 and SPDX 2.3 into a cache and prints the folder:
#
#   HALLMARK_TEST_SCHEMAS=$(scripts/schemas.sh "$cache")
#   check-jsonschema --base-uri "file://$HALLMARK_TEST_SCHEMAS/" --schemafile "$HALLMARK_TEST_SCHEMAS/bom-1.6.schema.json" x.json
#
# They come with two Go modules, by the digests in crates/tools/go/syft/go.sum, and are held to those of the files that
# the specifications published: CycloneDX's with its own Go library; SPDX's with Syft, as it stands in the specification's
# repository (branch support/2.3.1, commit a23628448), and a newline. Needs Go and jq.
set -euo pipefail
cache=$1
cd "$(dirname "$0")/.."

key=$(cat scripts/schemas.sh crates/tools/go/syft/go.sum | sha256sum | cut -c1-16)
folder=$cache/schemas-$key
if [ ! -d "$folder" ]; then
  mkdir -p "$cache"
  # Made beside its place and named last: what was broken off is not taken for a whole one.
  new=$(mktemp -d "$cache/.schemas-XXXXXX")
  trap 'rm -rf "$new"' EXIT
  module() (
    cd crates/tools/go/syft
    export GOWORK=off GOFLAGS=-mod=readonly
    go mod download -json "$1@$(go list -m -f '{{.Version}}' "$1")" | jq -er .Dir
  )
  cyclonedx=$(module github.com/CycloneDX/cyclonedx-go)/schema
  syft=$(module github.com/anchore/syft)/schema
  install -m 0644 "$cyclonedx/bom-1.6.schema.json" "$new"
  # The names of licences, which grow with each release, so they are not held to one; the library's are years old.
  install -m 0644 "$syft/cyclonedx/spdx.schema.json" "$new"
  # Signatures in a document, which nothing here has. The library has it under a name that nothing refers to.
  install -m 0644 "$cyclonedx/jsf-0.82.schemax.json" "$new/jsf-0.82.schema.json"
  install -m 0644 "$syft/spdx-json/spdx-schema-2.3.json" "$new/spdx-2.3.schema.json"
  (cd "$new" && sha256sum --quiet --strict --check) >&2 <<'SUMS'
3e92dddbc30cf7f6a02b80f0942b1a4cfd4fb1c26f1dfc4310afa9d613cafb93  bom-1.6.schema.json
c2e139546ef93597d3b1214d1d452369d0b536af6c6d6500dbd25c582034aa7c  spdx-2.3.schema.json
SUMS
  chmod 0755 "$new"
  mv "$new" "$folder" 2>/dev/null || [ -d "$folder" ]
fi
printf '%s\n' "$folder"
