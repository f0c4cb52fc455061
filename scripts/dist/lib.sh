# shellcheck shell=bash
# What the scripts of a release share: names of the architectures, laying the source, the list of digests.

# shellcheck disable=SC2034 # used by those that source this file
{
# As Node calls them, and so the launcher.
architectures=(x64 arm64)
# The newest glibc that the executables may need: RHEL 7 has it, and so has every Linux that a runner runs on.
glibc=2.17
}

refuse() { echo "${0##*/}: $1" >&2; exit 2; }

machine() {
  case $1 in
    x64) echo x86_64 ;;
    arm64) echo aarch64 ;;
    *) refuse "there is no architecture $1" ;;
  esac
}

host_arch() {
  case $(uname -m) in
    x86_64) echo x64 ;;
    aarch64) echo arm64 ;;
    *) refuse "releases are built on x86_64 or aarch64, this is $(uname -m)" ;;
  esac
}

cache() { echo "${HALLMARK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hallmark}"; }

mega() { awk -v bytes="$1" 'BEGIN { printf "%.1f", bytes / 1000000 }'; }

head_is_clean() { [ -z "$(git status --porcelain --untracked-files=normal)" ]; }

# lay_source OUT: the files of this checkout that git knows or would take, and an empty bin/. A tree of before
# gives way; anything else is not ours to delete.
lay_source() {
  if [ -e "$1" ]; then
    { [ -d "$1" ] && [ ! -e "$1/.git" ] && { [ -f "$1/bin/SHA256SUMS" ] || [ -f "$1/bin/.unfinished" ]; }; } ||
      [ -z "$(ls -A "$1")" ] || refuse "$1 is no release tree of before: delete it, or name another folder"
    rm -rf "$1"
  fi
  mkdir -p "$1/bin"
  touch "$1/bin/.unfinished"
  # A file that was deleted here and not yet in git is none of the tree. Times are kept: cargo goes by them.
  git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do
      if [ -e "$file" ] || [ -L "$file" ]; then printf '%s\0' "$file"; fi
    done |
    tar --create --null --no-recursion --files-from=- | tar --extract --directory "$1"
}

# list_sums BIN: bin/SHA256SUMS, which is what the launcher goes by. Signatures are not in it, so that it
# comes out the same for everybody who builds this source.
list_sums() {
  local sums
  rm -f "$1/.unfinished" "$1/SHA256SUMS"
  sums=$(cd "$1" && find . -maxdepth 1 -type f ! -name '*.sig' ! -name signatures.yml -printf '%f\n' |
    LC_ALL=C sort | xargs sha256sum)
  printf '%s\n' "$sums" >"$1/SHA256SUMS"
}

# manifest PUBLIC: the bin/signatures.yml of that key. Who verifies makes it anew from the key that they trust.
manifest() {
  cat <<YML
# hallmark verify-signatures --manifest bin/signatures.yml
version: 1
keys:
  release:
    pem: |
$(sed 's/^/      /' "$1")
files:
  - {path: hallmark-linux-x64, key: release}
  - {path: hallmark-linux-arm64, key: release}
  - {path: SHA256SUMS, key: release}
YML
}
