#!/usr/bin/env bash
# Did two builds of one source give the same? scripts/dist/compare.sh A B, each a release tree or its bin/.
# Signatures are left out: with most keys each one is different.
set -euo pipefail

usage() { echo "usage: scripts/dist/compare.sh TREE TREE" >&2; exit 2; }
[ $# -eq 2 ] || usage
folders=()
for tree in "$@"; do
  if [ -f "$tree/bin/SHA256SUMS" ]; then folders+=("$tree/bin")
  elif [ -f "$tree/SHA256SUMS" ]; then folders+=("$tree")
  else echo "compare: there is no bin/SHA256SUMS in $tree" >&2; exit 2
  fi
done

list() { find "$1" -mindepth 1 ! -name '*.sig' ! -name signatures.yml -printf '%f %m\n' | LC_ALL=C sort; }
differ=0
if ! diff <(list "${folders[0]}") <(list "${folders[1]}"); then
  echo "compare: the two do not have the same files" >&2; exit 1
fi
while read -r file _; do
  if cmp -s "${folders[0]}/$file" "${folders[1]}/$file"; then
    printf 'same     %s  %s\n' "$(sha256sum <"${folders[0]}/$file" | cut -c1-64)" "$file"
  else
    differ=1
    printf 'DIFFERS  %s: %s and %s bytes, %s\n' "$file" \
      "$(stat -c %s "${folders[0]}/$file")" "$(stat -c %s "${folders[1]}/$file")" \
      "$({ cmp -l "${folders[0]}/$file" "${folders[1]}/$file" 2>/dev/null || true; } |
        awk 'NR == 1 { first = $1 } END { print NR ? NR " of them other, the first at " first : "the one begins with the other" }')"
  fi
done < <(list "${folders[0]}")
exit $differ
