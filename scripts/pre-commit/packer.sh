#!/usr/bin/env bash
# A hook of pre-commit: Packer's own formatting. `packer fmt` takes one template at a time.
set -euo pipefail
status=0
for file in "$@"; do
  packer fmt -check -diff "$file" || status=$?
done
exit "$status"
