//! Tests only, in `tests/`: one file for each promise that no single crate can keep alone.
