#!/usr/bin/env bash
# Installs what this machine lacks for `make bake` (with `test`, for `make test`; with `bench`, for `make bench`):
# Debian packages and the Rust toolchain. Running it again with nothing missing changes nothing.
# The pinned tools (Packer, Goss, Trivy …) are not installed here: `hallmark tools` fetches them
# by digest, into a cache of their own (tools.lock).
set -euo pipefail
cd "$(dirname "$0")/.."

want=${1:-bake}
# One package a line, with the reason.
packages_bake=(
  build-essential cmake          # linking Rust programs; AWS-LC's build
  ca-certificates curl git openssl
  mmdebstrap debian-archive-keyring fdisk dosfstools mtools e2fsprogs attr uidmap  # a disk without root mounts
  ansible-core                   # hardening
  qemu-system-x86 qemu-utils     # the booted test
)
packages_test=(
  python3 jq xz-utils
  ovmf                           # the firmware that boots the shipped image
  shellcheck
  chromium                       # the gate's page, in a real browser
)
packages_bench=(
  python3
  time                           # a program's peak memory, from a parent that has none
)

packages=("${packages_bake[@]}")
[ "$want" = test ] && packages+=("${packages_test[@]}")
[ "$want" = bench ] && packages+=("${packages_bench[@]}")

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "setup: root or sudo is needed to install: ${packages[*]}" >&2; exit 1; }
  sudo=(sudo)
fi

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "setup: installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# rust-toolchain.toml names the version; rustup brings it.
if ! command -v cargo >/dev/null && [ ! -x "$HOME/.cargo/bin/cargo" ]; then
  if apt-cache show rustup >/dev/null 2>&1; then
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq rustup >/dev/null
  else
    echo "setup: installing rustup for this user"
    curl --proto '=https' --tlsv1.2 -fsS https://sh.rustup.rs | sh -s -- -y --no-modify-path --default-toolchain none
  fi
fi
