#!/usr/bin/env bash
# One executable of a release: scripts/dist/build.sh TREE ARCH FILE
#
# The same source gives the same bytes, whoever builds it and where:
#   - compilers by version: Rust by rust-toolchain.toml, zig and cargo-zigbuild by scripts/python/dist.txt,
#     crates by Cargo.lock. Zig links, and stands in for a C library of long ago on any machine;
#   - no path of this machine: each that could get in is given the same name everywhere, and a look into the
#     result shows that none did;
#   - no time and no build id, one codegen unit, and nothing from the environment's own compiler flags.
#
# The list of its crates is put into the executable (cargo-auditable): the SBOM is read from there.
set -euo pipefail
# shellcheck source=scripts/dist/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/python/venv.sh
. "$(dirname "$0")/../python/venv.sh"

tree=$(realpath "$1") arch=$2 file=$(realpath -m "$3")
target=$(machine "$arch")-unknown-linux-gnu

for name in $(compgen -e); do
  case $name in
    RUSTFLAGS | RUSTDOCFLAGS | RUSTC | RUSTC_* | CC | CXX | AR | CC_* | CXX_* | AR_* | *CFLAGS* | *CPPFLAGS* | *CXXFLAGS* | LDFLAGS) unset "$name" ;;
    CPATH | C_INCLUDE_PATH | LIBRARY_PATH | CMAKE_* | AWS_LC_* | CARGO_ENCODED_RUSTFLAGS) unset "$name" ;;
    CARGO_BUILD_* | CARGO_PROFILE_* | CARGO_TARGET_* | CARGO_UNSTABLE_* | CARGO_INCREMENTAL | CARGO_ZIGBUILD_*) unset "$name" ;;
    RUSTUP_TOOLCHAIN) unset "$name" ;;
  esac
done
: "${SOURCE_DATE_EPOCH:?is the time of the commit, in seconds}"

work=${HALLMARK_DIST_TARGET:-$(cache)/dist-target}
bin=$(python_tools dist)
cargo_tools=$(cache)/cargo-tools/bin
export PATH="$bin:$cargo_tools:$PATH"
export CARGO_TARGET_DIR=$work CARGO_ZIGBUILD_CACHE_DIR=$work/zigbuild ZIG_GLOBAL_CACHE_DIR=$work/zig ZIG_LOCAL_CACHE_DIR=$work/zig
# Flags for the C compiler are told apart at blanks.
case $tree$work${CARGO_HOME:-$HOME} in *[[:space:]]*) refuse "a path with a blank in it: $tree, $work or ${CARGO_HOME:-$HOME}" ;; esac
cd "$tree"
cargo fetch --quiet --locked --target "$target"

registry=${CARGO_HOME:-$HOME/.cargo}/registry/src
rust=$(rustc -vV | sed -n 's/^commit-hash: //p')
flags=(
  "--remap-path-prefix=$tree=/hallmark"
  "--remap-path-prefix=$work=/target"
  # Where the standard library's own panics say they are from, whether or not its source is installed.
  "--remap-path-prefix=$(rustc --print sysroot)/lib/rustlib/src/rust=/rustc/$rust"
  "-Clink-arg=-Wl,--build-id=none"
)
maps=("-ffile-prefix-map=$tree=/hallmark" "-ffile-prefix-map=$work=/target")
# Below it, one folder per registry: its name is a hash of where the crates came from, mirrors included.
for folder in "$registry"/*/; do
  flags+=("--remap-path-prefix=${folder%/}=/crates")
  maps+=("-ffile-prefix-map=${folder%/}=/crates")
done
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS "CFLAGS_${target//-/_}=${maps[*]}"
CARGO=$tree/scripts/dist/cargo.sh cargo-auditable auditable \
  zigbuild --quiet --locked --release --package hallmark --target "$target.$glibc"

# A path that got in says who built it, and makes the next builder's different.
for path in "$tree" "$work" "${CARGO_HOME:-$HOME/.cargo}" "${RUSTUP_HOME:-$HOME/.rustup}" "$HOME/"; do
  # A home such as `/` is in every path.
  [ ${#path} -gt 3 ] || continue
  if LC_ALL=C grep -qaF -- "$path" "$work/$target/release/hallmark"; then
    refuse "the executable for $arch has a path of this machine in it: $path"
  fi
done
install -m 0755 "$work/$target/release/hallmark" "$file"
