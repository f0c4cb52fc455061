//! Trusted roots.
#![no_main]

use attest::TrustRoot;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(root) = TrustRoot::parse("fuzz", bytes) {
        assert_eq!(root.bytes(), bytes);
        drop(root.as_of());
    }
});
