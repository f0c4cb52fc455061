#!/usr/bin/env bash
# A hook of pre-commit: hallmark.sh CHECK [OPTION…] -- FILE…
# What is staged is what is in the files here: pre-commit puts everything else aside.
# Only what stands before `--` is an option: a staged file may be called like one.
set -euo pipefail

check=${1:?which check: secrets, sast, policy, exceptions}
shift
options=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1"); shift; done
[ $# -gt 0 ] || {
  echo "hallmark.sh: no \`--\` says where the options end: let the hook's \`args\` end with it" >&2
  exit 2
}
shift
[ $# -gt 0 ] || exit 0

# The names are handed on by line, where spaces at an end do not count.
for file in "$@"; do
  if [[ $file == *$'\n'* || $file == *[[:space:]] ]]; then
    printf 'hallmark.sh: the name %q has a line break or ends in a space: call the file something else\n' "$file" >&2
    exit 2
  fi
done

command -v hallmark >/dev/null || {
  echo "hallmark is not on PATH: take bin/ of a release, or put a build of it there" >&2
  exit 2
}

if [ "$check" = exceptions ]; then
  for file in "$@"; do
    hallmark exceptions check "${options[@]}" --exceptions "./$file"
  done
  exit 0
fi

# Reports are nobody's evidence here, and go.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
files=$(printf './%s\n' "$@")
common=(--files "$files" --evidence "$scratch/evidence" "${options[@]}")
case $check in
  secrets) hallmark secrets-scan --scan tree "${common[@]}" ;;
  sast) hallmark sast-scan --allow-no-files true "${common[@]}" ;;
  policy) hallmark policy-check --allow-no-files true "${common[@]}" ;;
  *) echo "hallmark.sh: there is no check $check" >&2; exit 2 ;;
esac
