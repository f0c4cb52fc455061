//! `signatures.yml`, lists of checksums and provenance.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| verify_signatures::read_outside_bytes(bytes));
