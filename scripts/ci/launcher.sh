#!/usr/bin/env bash
# The launcher's tests alone, on the Node that JavaScript actions run on.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/python/venv.sh
. scripts/python/venv.sh
node=$(python_tools lint)/node
exec "$node" --test actions/launcher/test/*.test.js
