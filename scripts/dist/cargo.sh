#!/usr/bin/env bash
# Cargo, as cargo-auditable is to call it. It has Cargo run it around the compiler by its full path, and Cargo
# mixes that path into the names of symbols, which decide about their order: found by its name alone, it leaves
# no trace.
export RUSTC_WORKSPACE_WRAPPER=cargo-auditable
unset CARGO
exec cargo "$@"
