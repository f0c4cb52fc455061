#!/usr/bin/env bash
# A hook of pre-commit: hallmark.sh CHECK [OPTION…] FILE…
# What is staged is what is in the files here: pre-commit puts everything else aside.
set -euo pipefail

check=${1:?which check: secrets, sast, policy, exceptions}
shift
options=()
while [ $# -gt 0 ] && [[ $1 == --* ]]; do
  # Every option has a value: `--rules semgrep` as two words, `--rules=semgrep` as one.
  if [[ $1 == *=* ]]; then options+=("$1"); shift; else options+=("$1" "${2:?the value of $1}"); shift 2; fi
done
[ $# -gt 0 ] || exit 0
command -v hallmark >/dev/null || {
  echo "hallmark is not on PATH: take bin/ of a release, or put a build of it there" >&2
  exit 2
}

if [ "$check" = exceptions ]; then
  for file in "$@"; do
    hallmark exceptions check --exceptions "$file" "${options[@]}"
  done
  exit 0
fi

# Reports are nobody's evidence here, and go.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
files=$(printf '%s\n' "$@")
common=(--files "$files" --evidence "$scratch/evidence" "${options[@]}")
case $check in
  secrets) hallmark secrets-scan --scan tree "${common[@]}" ;;
  sast) hallmark sast-scan --allow-no-files true "${common[@]}" ;;
  policy) hallmark policy-check --allow-no-files true "${common[@]}" ;;
  *) echo "hallmark.sh: there is no check $check" >&2; exit 2 ;;
esac
