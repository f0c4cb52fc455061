#!/usr/bin/env bash
# The text of the GitHub release: scripts/dist/notes.sh VERSION COMMIT
set -euo pipefail
cat <<TXT
Pin the commit; the tag is for people:

    uses: ${GITHUB_REPOSITORY:-hallmark-images/hallmark}@$2 # v$1

TXT
exec "$(dirname "$0")/version.sh" --notes "$1"
