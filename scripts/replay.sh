#!/usr/bin/env bash
# What an auditor does: compute the last verdict again from its inputs, offline, byte for byte.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
image=${IMAGE:-debian-app}

manifest=$(output "$image-gate" replay 2>/dev/null) || manifest=
[ -n "$manifest" ] || { echo "nothing was decided yet: make bake" >&2; exit 2; }
exec "$hallmark" gate --replay "$manifest"
