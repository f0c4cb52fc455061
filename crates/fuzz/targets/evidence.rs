//! Evidence: what reads as a statement is written and read again as the same.
#![no_main]

use attest::{Statement, Trust, read_unsigned, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    assert!(verify(bytes, &Trust::nobody()).is_err());
    if let Ok(read) = read_unsigned(bytes) {
        if let Ok(again) = read.statement.to_bytes() {
            assert_eq!(Statement::from_bytes(&again).unwrap(), read.statement);
        }
    }
});
