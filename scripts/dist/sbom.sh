#!/usr/bin/env bash
# The SBOM of an executable, read from that executable by the pinned Trivy: scripts/dist/sbom.sh BIN ARCH
# writes BIN/hallmark-linux-ARCH.cdx.json. Rust's standard library and the C library are not in it:
# cargo-auditable notes crates.
set -euo pipefail
# shellcheck source=scripts/dist/lib.sh
. "$(dirname "$0")/lib.sh"

bin=$(realpath "$1") name=hallmark-linux-$2
# The executable that runs here knows the pinned Trivy, and gets it if need be.
trivy=$("$bin/hallmark-linux-$(host_arch)" tools --names trivy 2>&1 | sed -nE 's/.*\btrivy [0-9.]+ [0-9a-f]{64} (\/.*)/\1/p' | tail -n 1)
[ -x "$trivy" ] || refuse "the pinned Trivy could not be had: $bin/hallmark-linux-$(host_arch) tools --names trivy"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Trivy looks for executables in a folder, and takes none that it cannot execute.
mkdir "$work/root"
cp "$bin/$name" "$work/root/hallmark"
"$trivy" rootfs --quiet --format cyclonedx --offline-scan --skip-version-check --skip-db-update \
  --disable-telemetry --cache-dir "$work/cache" "$work/root" >"$work/sbom.json"
python3 "$(dirname "$0")/sbom.py" "$bin/$name" "${SOURCE_DATE_EPOCH:?is the time of the commit, in seconds}" \
  <"$work/sbom.json" >"$work/$name.cdx.json"
install -m 0644 "$work/$name.cdx.json" "$bin/$name.cdx.json"
