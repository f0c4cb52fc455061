#!/usr/bin/env bash
# Installs what this machine lacks for `make bake` (with `test`, for `make test`; with `bench`, for `make bench`;
# with `dist`, for `make dist`): Debian packages and the Rust toolchain. With `check`, only the packages that
# scripts/dist/check.sh needs. Running it again with nothing missing changes nothing.
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
  python3 jq xz-utils zstd
  ovmf                           # the firmware that boots the shipped image
  shellcheck
  strace                         # which connections a program makes: none
  tmux                           # `hallmark review` in a real terminal
  python3-venv                   # the Python tools of lint and tests (scripts/python)
  chromium                       # the gate's page, in a real browser
)
packages_bench=(
  python3
  time                           # a program's peak memory, from a parent that has none
  chromium                       # the gate's page, in a real browser
)
packages_dist=(
  build-essential cmake          # build scripts of crates; AWS-LC's build
  ca-certificates curl git
  python3 python3-venv           # zig and cargo-zigbuild (scripts/python); the SBOM
)
packages_check=(
  binutils git openssl
  qemu-user                      # runs the executable of the other architecture …
  libc6-arm64-cross              # … which wants that architecture's C library
)

packages=("${packages_bake[@]}")
[ "$want" = test ] && packages+=("${packages_test[@]}")
[ "$want" = bench ] && packages+=("${packages_bench[@]}")
# opa has no download that could be checked (tools.lock says why), so Go builds it. Any Go from 1.21 on fetches the
# version that tools.lock names.
case $want in test | bench) command -v go >/dev/null || packages+=(golang-go) ;; esac
[ "$want" = dist ] && packages=("${packages_dist[@]}" "${packages_check[@]}")
[ "$want" = check ] && packages=("${packages_check[@]}")
[ "$(dpkg --print-architecture)" != arm64 ] || packages=("${packages[@]/libc6-arm64-cross/libc6-amd64-cross}")

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "setup: root or sudo is needed to install: ${packages[*]}" >&2; exit 1; }
  sudo=(sudo)
fi

missing=()
for package in "${packages[@]}"; do
  # Ubuntu's is a snap; where a chromium is there already, it does.
  if [ "$package" = chromium ] && command -v chromium >/dev/null; then continue; fi
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "setup: installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

[ "$want" != check ] || exit 0

# rust-toolchain.toml names the version; rustup brings it.
if ! command -v cargo >/dev/null && [ ! -x "$HOME/.cargo/bin/cargo" ]; then
  if apt-cache show rustup >/dev/null 2>&1; then
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq rustup >/dev/null
  else
    echo "setup: installing rustup for this user"
    curl --proto '=https' --tlsv1.2 -fsS https://sh.rustup.rs | sh -s -- -y --no-modify-path --default-toolchain none
  fi
fi

# A program from the crate registry, at one version, built once: `cargo_tool NAME VERSION [FLAG …]`.
cargo_tool() {
  local name=$1 version=$2
  shift 2
  local tools=${HALLMARK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hallmark}/cargo-tools
  if ! grep -q "^\"$name $version " "$tools/.crates.toml" 2>/dev/null || [ ! -x "$tools/bin/$name" ]; then
    echo "setup: building $name $version (minutes, the first time)"
    CARGO_TARGET_DIR=$tools/target cargo install --quiet --locked --root "$tools" "$name@$version" "$@"
    rm -rf "$tools/target"
  fi
}
export PATH="$HOME/.cargo/bin:$PATH"

if [ "$want" = test ]; then
  # S3's interface over a folder, for tests: checks signatures and checksums.
  # renovate: datasource=crate depName=s3s-fs
  server_version=0.14.1
  cargo_tool s3s-fs "$server_version" --features binary
fi

if [ "$want" = dist ]; then
  # Asking for what is there costs a look at the network.
  for target in x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu; do
    rustup target list --installed | grep -qx "$target" || rustup target add "$target"
  done
  # Puts the list of crates into an executable; the SBOM is read from there.
  # renovate: datasource=crate depName=cargo-auditable
  auditable_version=0.7.7
  cargo_tool cargo-auditable "$auditable_version"
fi
